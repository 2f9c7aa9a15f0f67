chappe_unit_tests(format)
chappe_fuzz_targets(format)

add_executable(bench_format bench/bench_format.c)
target_link_libraries(bench_format PRIVATE format base PkgConfig::TALLOC PkgConfig::GLIB Threads::Threads)

# GMime reads the same messages and must find the same parts at the same offsets.
pkg_check_modules(GMIME IMPORTED_TARGET GLOBAL gmime-3.0)
if(GMIME_FOUND)
  add_executable(oracle_mime oracle/test_mime_oracle.c)
  target_link_libraries(oracle_mime PRIVATE format base PkgConfig::GMIME PkgConfig::CMOCKA PkgConfig::TALLOC
                        PkgConfig::GLIB Threads::Threads)
  add_test(NAME unit/format/oracle_mime COMMAND oracle_mime)
  set_tests_properties(unit/format/oracle_mime PROPERTIES TIMEOUT 600 LABELS unit)
endif()
