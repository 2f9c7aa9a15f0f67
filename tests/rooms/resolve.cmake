chappe_unit_tests(resolve directory db format)
chappe_fuzz_targets(resolve directory db format)
