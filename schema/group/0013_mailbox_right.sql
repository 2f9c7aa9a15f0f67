-- Who may open all of a mailbox, as an administrator or its owner gave it: new folders at the top are shared so. As folder_right
-- (0001), whose identifiers also name groups of recipients: "g:<recipient_id>".
CREATE TABLE mailbox_right (
    mailbox_id  bigint NOT NULL REFERENCES mailbox,
    identifier  text NOT NULL,
    rights      text NOT NULL,
    PRIMARY KEY (mailbox_id, identifier)
);

-- Who sees which mailboxes of others: by his identifiers.
CREATE INDEX folder_right_by_identifier ON folder_right (identifier COLLATE "C");
