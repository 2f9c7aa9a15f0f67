chappe_unit_tests(smtp)
chappe_fuzz_targets(smtp)
