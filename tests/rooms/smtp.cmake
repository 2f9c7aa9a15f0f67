# test_session.c and fuzz_session.c bring their own world (unit/smtp/fake) in place of the rooms below.
chappe_unit_tests(smtp format db auth session directory group message mailbox queue resolve policy dns filter deliver accept report)
foreach(target unit_smtp_test_session)
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/unit/smtp")
endforeach()
chappe_fuzz_targets(smtp format db auth session directory group message mailbox queue resolve policy dns filter deliver accept report)
if(CHAPPE_FUZZ)
  target_include_directories(fuzz_smtp_session PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/unit/smtp")
endif()
