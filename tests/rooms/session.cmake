chappe_unit_tests(session)
chappe_fuzz_targets(session)

add_executable(bench_session bench/bench_session.c)
target_include_directories(bench_session PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/unit/session")
target_link_libraries(bench_session PRIVATE session base PkgConfig::CMOCKA PkgConfig::TALLOC PkgConfig::GLIB
                      Threads::Threads)
