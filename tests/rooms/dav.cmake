chappe_unit_tests(dav http auth directory format db PkgConfig::XML)
chappe_fuzz_targets(dav http auth directory format db PkgConfig::XML)
