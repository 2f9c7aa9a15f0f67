chappe_unit_tests(topology kit_directory kit directory format db)
chappe_fuzz_targets(topology directory format db)
