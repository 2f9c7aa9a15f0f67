chappe_unit_tests(run kit_directory kit queue accept deliver rules sieve resolve topology connector mailbox message group directory format db)
