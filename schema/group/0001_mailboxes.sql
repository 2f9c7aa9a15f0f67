-- A storage group: the mailboxes of some recipients, their folders and messages.
-- Times are bigint microseconds since 1970, UTC. Ids of recipients, organisations, domains, stores and
-- mailboxes are given by the directory database and are unique in the installation; all others are ours.

-- One row: what this database is, so that a wrong connection string is noticed before anything is written.
CREATE TABLE storage_group (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    storage_group_id  bigint NOT NULL,             -- as in the directory's storage_group
    public_id_key     bytea NOT NULL,              -- 16 random bytes: public ids are made from row ids with it
    epoch             bigint NOT NULL DEFAULT 1    -- raised after a restore, so that no UID is handed out twice
);

CREATE TABLE store (
    store_id            bigint PRIMARY KEY,
    name                text NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('mailbox', 'public')),
    is_mounted          boolean NOT NULL DEFAULT true,  -- dismounted: its mailboxes answer "temporarily unavailable"
    deleted_item_days   integer NOT NULL DEFAULT 14     -- how long expunged messages stay recoverable
);

-- A limit shared by the mailboxes of a domain or organisation. Only limits that are set have a row, so that
-- an unlimited organisation costs no lock.
CREATE TABLE quota_root (
    quota_root_id  bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind           text NOT NULL CHECK (kind IN ('domain', 'organisation')),
    owner_id       bigint NOT NULL,                    -- domain_id or organisation_id
    limit_bytes    bigint NOT NULL CHECK (limit_bytes >= 0),
    used_bytes     bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    UNIQUE (kind, owner_id)
);

CREATE TABLE mailbox (
    mailbox_id            bigint PRIMARY KEY,
    store_id              bigint NOT NULL REFERENCES store,
    organisation_id       bigint NOT NULL,
    domain_id             bigint NOT NULL,
    domain_root_id        bigint REFERENCES quota_root,      -- set where the domain has a limit
    organisation_root_id  bigint REFERENCES quota_root,      -- set where the organisation has a limit
    modseq                bigint NOT NULL DEFAULT 1,         -- the one change counter of everything in it (RFC 7162)
    next_uidvalidity      bigint NOT NULL DEFAULT 1,         -- UIDVALIDITY of the next folder; never the clock
    used_bytes            bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),     -- sum of its memberships' sizes
    used_messages         bigint NOT NULL DEFAULT 0 CHECK (used_messages >= 0),
    quota_bytes           bigint CHECK (quota_bytes > 0),    -- NULL: unlimited
    quota_messages        bigint CHECK (quota_messages > 0),
    is_quota_warned       boolean NOT NULL DEFAULT false,    -- the 80 % warning was sent; cleared when below again
    keywords              text[] NOT NULL DEFAULT '{}',      -- keywords[i] (from 1) is flag bit 7 + i; at most 56
    created_us            bigint NOT NULL,
    deleted_us            bigint                              -- deleted mailboxes stay reconnectable for a period
);
CREATE INDEX ON mailbox (domain_id);
CREATE INDEX ON mailbox (organisation_id);
-- Updated by every delivery: room on the page keeps the new version beside the old and out of the indexes.
ALTER TABLE mailbox SET (fillfactor = 50);

-- A folder is what IMAP calls a mailbox. The row is locked by whoever changes anything in it.
CREATE TABLE folder (
    folder_id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    mailbox_id      bigint NOT NULL REFERENCES mailbox,
    name            text NOT NULL,                      -- whole path, NFC, levels by '/', "INBOX" in capitals
    uidvalidity     bigint NOT NULL,                    -- 1 .. 2^32-1, never reused in this mailbox
    uidnext         bigint NOT NULL DEFAULT 1,
    modseq          bigint NOT NULL,                    -- HIGHESTMODSEQ
    created_modseq  bigint NOT NULL,
    properties_modseq bigint NOT NULL,                  -- last change of name, use, rights, subscription (JMAP Mailbox/changes)
    messages        bigint NOT NULL DEFAULT 0 CHECK (messages >= 0),
    unseen          bigint NOT NULL DEFAULT 0 CHECK (unseen >= 0),
    deleted         bigint NOT NULL DEFAULT 0 CHECK (deleted >= 0),   -- messages with \Deleted (RFC 9051 STATUS DELETED)
    bytes           bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),     -- STATUS SIZE
    recent_uid      bigint NOT NULL DEFAULT 1,          -- first UID that no session has been told of as \Recent
    packed_uid      bigint NOT NULL DEFAULT 0,          -- messages up to this UID are in folder_pack
    special_use     text,                               -- '\Sent', '\Junk', ... (RFC 6154)
    deleted_us      bigint                              -- kept with its messages until the store's period is over
);
CREATE UNIQUE INDEX folder_name ON folder (mailbox_id, name) WHERE deleted_us IS NULL;
CREATE UNIQUE INDEX folder_special_use ON folder (mailbox_id, special_use)
    WHERE deleted_us IS NULL AND special_use IS NOT NULL;

ALTER TABLE folder SET (fillfactor = 50);

-- Names a client has subscribed to; they need not exist (RFC 9051, 6.3.7).
CREATE TABLE subscription (
    mailbox_id  bigint NOT NULL REFERENCES mailbox,
    name        text NOT NULL,
    PRIMARY KEY (mailbox_id, name)
);

-- RFC 4314. `identifier`: "anyone", "authenticated", "r:<recipient_id>", with a leading '-' for negative rights.
CREATE TABLE folder_right (
    folder_id   bigint NOT NULL REFERENCES folder,
    identifier  text NOT NULL,
    rights      text NOT NULL,
    PRIMARY KEY (folder_id, identifier)
);

-- RFC 5464. folder_id NULL: of the whole mailbox. `entry` as "/shared/comment", "/private/..." (per reader).
CREATE TABLE annotation (
    mailbox_id    bigint NOT NULL REFERENCES mailbox,
    folder_id     bigint REFERENCES folder,
    recipient_id  bigint NOT NULL DEFAULT 0,            -- owner of a /private entry; 0: shared
    entry         text NOT NULL,
    value         bytea NOT NULL
);
CREATE UNIQUE INDEX annotation_key ON annotation (mailbox_id, coalesce(folder_id, 0), recipient_id, entry);

-- A message: bytes that never change, once per storage group however many received them.
CREATE TABLE message (
    message_id      bigint PRIMARY KEY,                 -- from message_id_seq, in blocks
    content_hash    bytea NOT NULL UNIQUE,              -- SHA-256 of the bytes
    size            bigint NOT NULL,                    -- bytes as sent, CRLF line ends
    header_size     integer NOT NULL,                   -- bytes of the header block with its empty line
    chunks          integer NOT NULL,                   -- rows in body
    part_index      bytea NOT NULL,                     -- offsets of every part (storage/format, mime.h)
    envelope        bytea NOT NULL,                     -- IMAP ENVELOPE, rendered
    body_structure  bytea NOT NULL,                     -- IMAP BODYSTRUCTURE, rendered
    header          bytea NOT NULL,                     -- the header block, zstd
    columns         bytea NOT NULL,                     -- what SEARCH, SORT and THREAD look at, packed (message/columns.h)
    preview         text NOT NULL,                      -- RFC 8970, at most 200 characters
    created_us      bigint NOT NULL
);
ALTER TABLE message ALTER COLUMN header SET STORAGE EXTERNAL, ALTER COLUMN columns SET STORAGE EXTERNAL;
CREATE SEQUENCE message_id_seq INCREMENT BY 256;

-- The bytes, in pieces of 256 KiB, each a zstd frame of its own. Pieces of a large message are written before the
-- message they belong to is committed; body_staged tells since when, and what is never referenced is reaped. Nobody waits
-- until they are on disk: whoever files the message takes them by take_staged(), which fails where a crash of the
-- database took some of them away meanwhile.
CREATE TABLE body (
    message_id  bigint NOT NULL,
    chunk       integer NOT NULL,                       -- 0, 1, ...; raw offset = chunk * 262144
    codec       smallint NOT NULL,                      -- 0 as it is, 1 zstd
    data        bytea NOT NULL,
    PRIMARY KEY (message_id, chunk)
);
ALTER TABLE body ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE body_staged (
    message_id  bigint PRIMARY KEY,
    pieces      integer NOT NULL,                       -- rows in body that were written with this row
    created_us  bigint NOT NULL
);
CREATE FUNCTION take_staged(ids bigint[], counts integer[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    DELETE FROM body_staged s USING unnest(ids, counts) AS wanted (message_id, pieces)
     WHERE s.message_id = wanted.message_id AND s.pieces = wanted.pieces;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken <> cardinality(ids) THEN
        RAISE EXCEPTION 'pieces of a large message were lost before it was filed' USING ERRCODE = 'io_error';
    END IF;
END $$;

-- A message in one mailbox: JMAP's Email, IMAP's EMAILID.
CREATE TABLE item (
    item_id         bigint PRIMARY KEY,                 -- from item_id_seq, in blocks
    mailbox_id      bigint NOT NULL,
    message_id      bigint NOT NULL,
    thread_id       bigint NOT NULL,                    -- item_id of the first of its conversation
    created_modseq  bigint NOT NULL,
    saved_us        bigint NOT NULL                     -- SAVEDATE of its first membership (RFC 8514)
);
CREATE INDEX item_message ON item (message_id);
CREATE INDEX item_thread ON item (mailbox_id, thread_id);
CREATE SEQUENCE item_id_seq INCREMENT BY 256;

-- Which conversation a Message-ID seen in this mailbox belongs to (RFC 8621, 3).
CREATE TABLE thread_reference (
    mailbox_id    bigint NOT NULL,
    hash          bigint NOT NULL,                      -- of a Message-ID, References or In-Reply-To entry
    subject_hash  bigint NOT NULL,                      -- of the base subject: same reference, other subject, other thread
    thread_id     bigint NOT NULL,
    PRIMARY KEY (mailbox_id, hash, subject_hash)
);

-- An item in a folder under a UID. Rows are never updated: later flags are in folder_change, and an expunged row
-- stays until the recoverable period is over, marked by an 'expunge' change.
CREATE TABLE membership (
    folder_id    bigint NOT NULL,
    uid          bigint NOT NULL,
    modseq       bigint NOT NULL,                       -- when it came
    flags        bigint NOT NULL,                       -- as it came; bits: mailbox/flags.h
    item_id      bigint NOT NULL,
    message_id   bigint NOT NULL,
    size         bigint NOT NULL,
    received_us  bigint NOT NULL,                       -- INTERNALDATE
    saved_us     bigint NOT NULL,                       -- SAVEDATE
    PRIMARY KEY (folder_id, uid)
);
CREATE INDEX membership_item ON membership (item_id);

-- The journal of a folder: one row a command however many messages it touched. A 'flags' row sets
-- flags := (flags & ~clear_bits) | set_bits on each of `uids` and their modseq to its own. An 'expunge' row with
-- set_bits = 1 is a MOVE: the messages live on elsewhere and are not offered for recovery. Expunge rows are kept for
-- ever, also when their memberships are gone: they tell a client that was away what vanished (RFC 7162). Housekeeping
-- folds many 'flags' rows into few 'folded' ones (mailbox/fold.h): flags and modseq of each message as they were at the
-- row's modseq. They are data of their own, not derived: nothing else says what they say.
CREATE TABLE folder_change (
    folder_id   bigint NOT NULL,
    modseq      bigint NOT NULL,
    part        integer NOT NULL DEFAULT 0,             -- several changes under one modseq, applied in this order
    kind        smallint NOT NULL,                      -- 1 flags, 2 expunge, 3 folded
    uids        bytea NOT NULL,                         -- runs of UIDs, packed (mailbox/uid_set.h); folded: mailbox/folded.h
    clear_bits  bigint NOT NULL DEFAULT 0,
    set_bits    bigint NOT NULL DEFAULT 0,
    at_us       bigint NOT NULL,
    is_purged   boolean NOT NULL DEFAULT false,         -- of an 'expunge' row: its memberships are gone for good
    PRIMARY KEY (folder_id, modseq, part)
);
ALTER TABLE folder_change ALTER COLUMN uids SET STORAGE EXTERNAL;
-- Expunges by age: what may still be recovered, and what housekeeping removes for good.
CREATE INDEX folder_change_expunged ON folder_change (at_us) WHERE kind = 2 AND NOT is_purged;
-- Folders with many 'flags' rows, which are to be folded.
CREATE INDEX folder_change_flags ON folder_change (folder_id) WHERE kind = 1;

-- All that a view of the folder needs, packed in columns; made in the background, so that a cold open is one read
-- of this and of what came after `modseq`.
CREATE TABLE folder_snapshot (
    folder_id  bigint PRIMARY KEY,
    modseq     bigint NOT NULL,                         -- state of the folder that it shows
    uidnext    bigint NOT NULL,                         -- memberships from this UID on are not in it
    messages   bigint NOT NULL,
    data       bytea NOT NULL                           -- mailbox/snapshot.h
);
ALTER TABLE folder_snapshot ALTER COLUMN data SET STORAGE EXTERNAL;

-- ENVELOPE, BODYSTRUCTURE and search columns of consecutive memberships side by side, so that lists and header
-- searches of large folders read hundreds of rows instead of hundreds of thousands. Derived; may be dropped at any time.
CREATE TABLE folder_pack (
    folder_id  bigint NOT NULL,
    first_uid  bigint NOT NULL,
    last_uid   bigint NOT NULL,
    messages   integer NOT NULL,
    shown      bytea NOT NULL,                          -- what FETCH shows (mailbox/pack.h)
    searched   bytea NOT NULL,                          -- what SEARCH, SORT and THREAD look at
    PRIMARY KEY (folder_id, first_uid)
);
ALTER TABLE folder_pack ALTER COLUMN shown SET STORAGE EXTERNAL, ALTER COLUMN searched SET STORAGE EXTERNAL;

-- Text of messages for exact substring search: folded (case and accents), many memberships of one folder a row, zstd.
-- Derived. By folder and not by item, because that is what is searched; a copy in another folder is there again.
CREATE TABLE search_text (
    folder_id  bigint NOT NULL,
    first_uid  bigint NOT NULL,
    last_uid   bigint NOT NULL,
    messages   integer NOT NULL,
    data       bytea NOT NULL,                          -- mailbox/search_text.h
    PRIMARY KEY (folder_id, first_uid)
);
ALTER TABLE search_text ALTER COLUMN data SET STORAGE EXTERNAL;

-- Words of items, for ranked and stemmed search (French and English, accents ignored). Derived.
CREATE TABLE search_word (
    item_id     bigint PRIMARY KEY,
    mailbox_id  bigint NOT NULL,
    words       tsvector NOT NULL
);
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX search_word_gin ON search_word USING gin (mailbox_id, words);

-- How far the indexer has come in a folder; UIDs beyond are searched directly.
CREATE TABLE search_state (
    folder_id    bigint PRIMARY KEY,
    indexed_uid  bigint NOT NULL DEFAULT 0,             -- up to here in search_text
    words_uid    bigint NOT NULL DEFAULT 0              -- and in search_word, which is filled from it
);

-- One row a delivery transaction, under an id that the sender chose: whoever loses the connection inside COMMIT
-- inserts the same id as void. Where that fails the transaction happened; where it succeeds it did not and no longer
-- can. Reaped after some hours; ids begin with the time.
CREATE TABLE delivery_receipt (
    receipt_id  uuid PRIMARY KEY,
    is_void     boolean NOT NULL DEFAULT false,
    created_us  bigint NOT NULL
);

-- What an import has already brought, so that it can be taken up again without duplicates.
CREATE TABLE import_receipt (
    mailbox_id   bigint NOT NULL,
    source_hash  bytea NOT NULL,                        -- SHA-256 of folder, source name and content hash
    PRIMARY KEY (mailbox_id, source_hash)
);
