chappe_unit_tests(learn kit_directory kit directory db)
