chappe_unit_tests(imap format db auth session directory group message mailbox deliver)
chappe_fuzz_targets(imap format db auth session directory group message mailbox deliver)
# test_session.c and fuzz_imap_session.c bring their own world (unit/imap/fake); its functions go before those of the rooms
# below, also where one of their objects is taken for another function.
foreach(target unit_imap_test_session fuzz_imap_session)
  if(TARGET ${target})
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/unit/imap")
    target_link_options(${target} PRIVATE -Wl,-z,muldefs)
  endif()
endforeach()
