chappe_unit_tests(deliver kit_store kit mailbox message group format db)
