chappe_unit_tests(slapd auth directory format db)
chappe_fuzz_targets(slapd auth directory format db)
