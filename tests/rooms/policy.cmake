chappe_unit_tests(policy kit_store kit group db resolve directory format)
