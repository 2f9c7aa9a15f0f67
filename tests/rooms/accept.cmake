chappe_unit_tests(accept kit_directory kit queue rules sieve deliver resolve mailbox message group directory format db)
