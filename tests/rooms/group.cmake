chappe_unit_tests(group kit_store kit)
