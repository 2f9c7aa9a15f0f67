chappe_unit_tests(auth kit_directory kit directory format db PkgConfig::GSASL PkgConfig::ARGON2)
chappe_fuzz_targets(auth directory format db)
