chappe_unit_tests(queue kit_directory kit directory message db)
