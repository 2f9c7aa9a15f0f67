chappe_unit_tests(queue kit_directory kit trace directory message db)
