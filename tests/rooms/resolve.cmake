chappe_unit_tests(resolve directory db format)
