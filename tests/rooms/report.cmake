chappe_unit_tests(report kit_directory kit db PkgConfig::JANSSON)
chappe_fuzz_targets(report filter dns PkgConfig::JANSSON)
