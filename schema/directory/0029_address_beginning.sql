-- 0029_address_beginning.sql -- an address that begins so. An index of three letters reads everybody whose domain begins so, too.
CREATE INDEX address_by_beginning ON address (address text_pattern_ops);
