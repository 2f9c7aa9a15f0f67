chappe_unit_tests(auth kit_directory kit directory format db PkgConfig::GSASL PkgConfig::ARGON2 PkgConfig::KRB5)
chappe_fuzz_targets(auth directory format db)
