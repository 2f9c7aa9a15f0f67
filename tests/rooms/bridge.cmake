chappe_unit_tests(bridge kit_directory kit_store kit directory group db)
chappe_fuzz_targets(bridge)
