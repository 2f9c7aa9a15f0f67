chappe_unit_tests(base)
