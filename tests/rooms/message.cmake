chappe_unit_tests(message kit_store kit group format db)
