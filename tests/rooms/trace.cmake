chappe_unit_tests(trace kit_directory kit directory format db)
