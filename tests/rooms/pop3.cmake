# test_pop3.c and fuzz_pop3_session.c bring their own world (unit/pop3/fake) in place of the rooms below; test_pop3_stores.c
# has the stores, and fakes logins only.
chappe_unit_tests(pop3 kit_store kit format db auth session directory group message mailbox)
foreach(target unit_pop3_test_pop3 unit_pop3_test_pop3_stores)
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3"
                             "${CMAKE_CURRENT_SOURCE_DIR}/unit/session" "${CMAKE_CURRENT_SOURCE_DIR}/unit/mailbox")
endforeach()
chappe_fuzz_targets(pop3 format db auth session directory group message mailbox)
if(CHAPPE_FUZZ)
  target_include_directories(fuzz_pop3_session PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3")
endif()

add_executable(bench_pop3 bench/bench_pop3.c)
target_include_directories(bench_pop3 PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/unit/pop3"
                           "${CMAKE_CURRENT_SOURCE_DIR}/unit/session" "${CMAKE_CURRENT_SOURCE_DIR}/unit/mailbox")
target_link_libraries(bench_pop3 PRIVATE pop3 kit_store kit auth directory session mailbox message group format db base
                      PkgConfig::CMOCKA PkgConfig::TALLOC PkgConfig::GLIB Threads::Threads)
