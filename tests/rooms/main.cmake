chappe_unit_tests(main)
