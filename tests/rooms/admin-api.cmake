chappe_unit_tests(admin-api http directory format db PkgConfig::JANSSON)
chappe_fuzz_targets(admin-api http directory format db PkgConfig::JANSSON)
