chappe_unit_tests(directory kit_directory kit format db)
chappe_fuzz_targets(directory format db)
