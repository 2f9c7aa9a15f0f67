chappe_unit_tests(rules kit_store kit sieve deliver mailbox message group directory format db)
