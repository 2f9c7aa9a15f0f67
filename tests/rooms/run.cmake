chappe_unit_tests(run kit_directory kit queue accept deliver resolve topology connector mailbox message directory format db)
