chappe_unit_tests(topology kit_directory kit directory format db)
