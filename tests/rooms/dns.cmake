chappe_unit_tests(dns)
chappe_fuzz_targets(dns)
