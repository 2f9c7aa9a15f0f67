chappe_unit_tests(connector topology dns format)
chappe_fuzz_targets(connector topology dns format)

# Carries out a route from the command line, for stories and measurements.
add_executable(outbound_send outbound/send.c)
target_link_libraries(outbound_send PRIVATE connector topology dns format base PkgConfig::TALLOC PkgConfig::GLIB Threads::Threads)
