chappe_unit_tests(move kit_store kit db group message mailbox format)
target_include_directories(unit_move_test_transit PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/unit/mailbox")
