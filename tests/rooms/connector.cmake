chappe_unit_tests(connector topology fetch dns format)
chappe_fuzz_targets(connector topology fetch dns format)

# The server with a script, for those that talk to one.
foreach(target unit_connector_test_send unit_connector_test_tls)
  target_sources(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/unit/connector/scripted.c")
endforeach()

# Carries out a route from the command line, for stories and measurements.
add_executable(outbound_send outbound/send.c)
target_link_libraries(outbound_send PRIVATE connector topology fetch dns format base PkgConfig::TALLOC PkgConfig::GLIB
                      Threads::Threads)
