chappe_unit_tests(ldap)
chappe_fuzz_targets(ldap)
