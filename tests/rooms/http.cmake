chappe_unit_tests(http)
chappe_fuzz_targets(http)
