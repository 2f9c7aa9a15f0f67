chappe_unit_tests(imap format db auth session directory group message mailbox deliver)
chappe_fuzz_targets(imap format db auth session directory group message mailbox deliver)
