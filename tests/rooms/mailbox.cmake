chappe_unit_tests(mailbox kit_store kit db group message format)
