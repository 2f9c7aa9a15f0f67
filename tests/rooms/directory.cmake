chappe_unit_tests(directory kit_directory kit format db)
