-- Search folders: a saved search that is shown as a folder (docs/decisions/0006-search-folders.md). What they show lives in other
-- folders, so they have no rows in folder and membership, and cost no quota. Ids in here are the public ones, which stay the same
-- when the mailbox moves to another storage group.

CREATE TABLE search_folder (
    folder_id          bigint PRIMARY KEY CHECK (folder_id < 0),  -- below 0, so that no folder has it (mailbox/search_folder.h)
    mailbox_id         bigint NOT NULL REFERENCES mailbox,
    name               text NOT NULL,                  -- one level, NFC
    filter             text NOT NULL,                  -- FilterOperator or FilterCondition of JMAP's Email/query, JSON
    sort               text NOT NULL,                  -- JMAP's Comparator[], JSON; IMAP has no use for it
    uidvalidity        bigint NOT NULL,                -- from the mailbox's counter, as those of folders
    uidnext            bigint NOT NULL DEFAULT 1,
    modseq             bigint NOT NULL,                -- when a message last began or ceased to be shown
    created_modseq     bigint NOT NULL,
    properties_modseq  bigint NOT NULL,                -- last change of name, filter, sort, or the removal
    is_removed         boolean NOT NULL DEFAULT false  -- kept for a while, so that a client that was away learns of it
);
CREATE UNIQUE INDEX search_folder_name ON search_folder (mailbox_id, name) WHERE NOT is_removed;
CREATE INDEX search_folder_mailbox ON search_folder (mailbox_id);

-- What an IMAP client was shown under which UID. A row goes when its message is no longer shown; the UID never comes back.
CREATE TABLE search_shown (
    mailbox_id  bigint NOT NULL,
    folder_id   bigint NOT NULL,
    uid         bigint NOT NULL,
    modseq      bigint NOT NULL,                       -- when it began to be shown
    source      text NOT NULL,                         -- MAILBOXID of the folder that it lives in
    source_uid  bigint NOT NULL,
    PRIMARY KEY (folder_id, uid)
);
CREATE INDEX search_shown_mailbox ON search_shown (mailbox_id);
