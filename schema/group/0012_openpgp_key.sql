-- Whose signatures a person believes: keys of OpenPGP, each for the mail of one address (docs/decisions/0007-openpgp.md).
CREATE TABLE openpgp_key (
    mailbox_id   bigint NOT NULL REFERENCES mailbox,
    address      text NOT NULL,                         -- key of the address whose mail it may sign
    fingerprint  text NOT NULL,                         -- of the certificate, in capital digits
    key_ids      text[] NOT NULL,                       -- 16 digits of each key in it, which signatures name
    content      bytea NOT NULL,                        -- the file that it came in
    created_us   bigint NOT NULL,
    PRIMARY KEY (mailbox_id, address, fingerprint)
);
