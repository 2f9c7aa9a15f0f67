chappe_unit_tests(message kit_store kit group format db)
chappe_fuzz_targets(message format db group)
