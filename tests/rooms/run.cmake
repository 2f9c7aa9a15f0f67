chappe_unit_tests(run kit_directory kit queue accept rules sieve deliver resolve topology connector mailbox message group directory format db)
