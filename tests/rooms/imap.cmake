chappe_unit_tests(imap)
chappe_fuzz_targets(imap)
