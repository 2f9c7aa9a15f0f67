chappe_unit_tests(session)
chappe_fuzz_targets(session)
