# test_spf.c, test_dmarc.c and test_arc.c bring their own name server in place of the room dns (unit/filter/fake_dns.h).
chappe_unit_tests(filter kit_directory kit dns directory format db PkgConfig::JANSSON)
foreach(target unit_filter_test_spf unit_filter_test_dmarc unit_filter_test_arc)
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/unit/filter")
endforeach()
chappe_fuzz_targets(filter dns directory format db PkgConfig::JANSSON)
