chappe_unit_tests(policy kit_store kit mailbox message group db resolve directory format)
