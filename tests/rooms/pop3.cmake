# test_pop3.c and fuzz_pop3_session.c bring their own world (unit/pop3/fake) in place of the rooms below.
chappe_unit_tests(pop3 format db auth session directory group message mailbox)
target_include_directories(unit_pop3_test_pop3 PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3")
chappe_fuzz_targets(pop3 format db auth session directory group message mailbox)
if(CHAPPE_FUZZ)
  target_include_directories(fuzz_pop3_session PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3")
endif()
