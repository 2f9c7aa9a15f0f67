-- What is done with mail when it arrives: scripts (Sieve), the automatic reply, and what these remember.

-- Changes whenever what runs at delivery does; 0: nothing runs. A delivery says which version its plan was made for, and a
-- plan that is out of date is found out under the row lock that it takes anyway.
ALTER TABLE mailbox ADD COLUMN script_version bigint NOT NULL DEFAULT 0;
CREATE SEQUENCE script_version_seq;

CREATE TABLE sieve_script (
    mailbox_id  bigint NOT NULL REFERENCES mailbox,
    name        text NOT NULL,
    content     text NOT NULL,
    is_active   boolean NOT NULL DEFAULT false,
    version     bigint NOT NULL,                        -- of its content, from script_version_seq
    changed_us  bigint NOT NULL,
    PRIMARY KEY (mailbox_id, name)
);
CREATE UNIQUE INDEX sieve_script_active ON sieve_script (mailbox_id) WHERE is_active;
ALTER TABLE sieve_script ALTER COLUMN content SET STORAGE EXTENDED;

-- The reply that a person sets for an absence; runs before the script.
CREATE TABLE automatic_reply (
    mailbox_id    bigint PRIMARY KEY REFERENCES mailbox,
    from_us       bigint,                               -- NULL: from now on
    until_us      bigint,                               -- NULL: until it is taken away
    subject       text,                                 -- NULL: made from that of the message
    inside_text   text NOT NULL,                        -- to senders of the own organisation
    outside_text  text,                                 -- to all others; NULL: the same; empty: none
    changed_us    bigint NOT NULL
);

-- What was answered to whom, and which messages were seen: a hash each.
CREATE TABLE sieve_mark (
    mailbox_id  bigint NOT NULL REFERENCES mailbox,
    kind        text NOT NULL,                          -- "vacation", "duplicate", "notice"
    key         bytea NOT NULL,
    expires_us  bigint NOT NULL,
    PRIMARY KEY (mailbox_id, kind, key)
);
CREATE INDEX sieve_mark_expires ON sieve_mark (expires_us);
