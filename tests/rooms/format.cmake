chappe_unit_tests(format)
chappe_fuzz_targets(format)
