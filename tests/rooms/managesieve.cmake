# Both bring their own world (unit/managesieve/fake_managesieve.h) in place of the rooms below.
chappe_unit_tests(managesieve format db auth session directory group mailbox sieve)
target_include_directories(unit_managesieve_test_managesieve PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}"
                           "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3" "${CMAKE_CURRENT_SOURCE_DIR}/unit/managesieve")
chappe_fuzz_targets(managesieve format db auth session directory group mailbox sieve)
if(CHAPPE_FUZZ)
  target_include_directories(fuzz_managesieve_session PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}"
                             "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3" "${CMAKE_CURRENT_SOURCE_DIR}/unit/managesieve")
endif()
