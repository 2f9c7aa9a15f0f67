chappe_unit_tests(db kit)
