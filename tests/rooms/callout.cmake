chappe_unit_tests(callout)
