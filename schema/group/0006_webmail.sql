-- What a person sets about his mail beside scripts: for the webmail, and for any client that asks by JMAP. Ids in here are the public
-- ones, which stay the same when the mailbox moves to another storage group.

-- How his mail program looks and behaves: JSON that the server keeps and does not read.
CREATE TABLE client_setting (
    mailbox_id  bigint PRIMARY KEY REFERENCES mailbox,
    content     text NOT NULL,
    changed_us  bigint NOT NULL
);

-- Whose mail goes into Junk, whatever scanners say, and whose never does. Looked at before the script.
CREATE TABLE sender_rule (
    mailbox_id  bigint NOT NULL REFERENCES mailbox,
    sender      text NOT NULL,                          -- key of an address; "@" and a domain stands for all of it
    is_blocked  boolean NOT NULL,
    created_us  bigint NOT NULL,
    PRIMARY KEY (mailbox_id, sender)
);

-- Mail that is to come back later. It lies in a folder of its own until then; housekeeping brings it back.
CREATE TABLE snooze (
    mailbox_id  bigint NOT NULL REFERENCES mailbox,
    email       text NOT NULL,                          -- EMAILID
    folder      text NOT NULL,                          -- MAILBOXID of where it was, and comes back to
    resting     text NOT NULL,                          -- and of where it lies
    until_us    bigint NOT NULL,
    created_us  bigint NOT NULL,
    PRIMARY KEY (mailbox_id, email)
);
CREATE INDEX snooze_until ON snooze (until_us);
