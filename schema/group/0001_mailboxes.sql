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

-- RFC 5464. folder_id NULL: of the whole mailbox. `entry` as "/shared/comment", "/private/..." (per reader). One that was
-- taken away stays, without value, so that whoever listens learns of it (RFC 5465, 5.6); as many of these are kept as
-- there may be annotations, the newest.
CREATE TABLE annotation (
    mailbox_id    bigint NOT NULL REFERENCES mailbox,
    folder_id     bigint REFERENCES folder,
    recipient_id  bigint NOT NULL DEFAULT 0,            -- owner of a /private entry; 0: shared
    entry         text NOT NULL,
    value         bytea,                                -- NULL: was taken away
    modseq        bigint NOT NULL                       -- of the mailbox, when it was last set or taken away
);
CREATE UNIQUE INDEX annotation_key ON annotation (mailbox_id, coalesce(folder_id, 0), recipient_id, entry);
CREATE INDEX annotation_modseq ON annotation (mailbox_id, modseq);

-- The maildrops that POP3 sessions have open, on whatever machine (RFC 1939, 8). Not logged: after a crash of the server
-- nobody has any. A row counts as long as its process lives, which is proved by an advisory lock (group/presence.h).
CREATE UNLOGGED TABLE maildrop_lock (
    mailbox_id  bigint PRIMARY KEY,
    holder      bigint NOT NULL                         -- number of the process
);

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
-- Up to half a page stays in its row: the pieces of 2 KB that PostgreSQL makes of larger values cost more than they save.
ALTER TABLE message SET (toast_tuple_target = 4080);
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
ALTER TABLE body SET (toast_tuple_target = 4080);
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

-- An ordinary delivery as one call: one new message into one folder, as mailbox/filing.h tells. Locks in the order of everybody
-- (mailbox row, quota roots by id, folder); each statement sees what was committed before it got its locks. Statements of one row:
-- a plan over arrays costs more to start than all of these to run. CH001, and all is undone: something is not ordinary (the
-- mailbox is gone, nearly full or has another script, a root has no room or may not be touched here, there is no such folder),
-- and whoever called decides; the error names the mailbox as its constraint.
--   c_: the content; c_body NULL: its pieces are staged. box: the mailbox; box_script -1: any. place: the folder by its id; else by
--   use, else by name, else, and where that names nothing, INBOX. Gives modseq, folder, UIDVALIDITY, UID, conversation, message_id.
CREATE FUNCTION file_one(
    now_us bigint, receipt uuid, may_touch_roots boolean,
    c_id bigint, c_hash bytea, c_size bigint, c_header_size integer, c_chunks integer, c_index bytea, c_envelope bytea,
    c_structure bytea, c_header bytea, c_columns bytea, c_preview text, c_codec smallint, c_body bytea,
    box bigint, box_script bigint, place bigint, place_use text, place_name text,
    new_item bigint, new_flags bigint, received bigint, refs bigint[], subject bigint
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    is_unseen CONSTANT integer := (new_flags & 1 = 0)::integer;
    is_deleted CONSTANT integer := (new_flags & 8 <> 0)::integer;
    new_modseq bigint;
    domain_root bigint;
    organisation_root bigint;
    into_folder bigint;
    validity bigint;
    new_uid bigint;
    stored bigint;
    thread bigint;
    known bigint;
    ref bigint;
    missing bigint[] := '{}';
BEGIN
    UPDATE mailbox m
       SET modseq = m.modseq + 1, used_bytes = m.used_bytes + c_size, used_messages = m.used_messages + 1,
           is_quota_warned = false
     WHERE m.mailbox_id = box AND m.deleted_us IS NULL AND box_script IN (-1, m.script_version)
       AND coalesce(m.used_bytes + c_size < m.quota_bytes - m.quota_bytes / 5, true)
       AND coalesce(m.used_messages + 1 < m.quota_messages - m.quota_messages / 5, true)
       AND (SELECT s.is_mounted FROM store s WHERE s.store_id = m.store_id)
    RETURNING m.modseq, m.domain_root_id, m.organisation_root_id INTO new_modseq, domain_root, organisation_root;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'mailbox % needs a closer look', box USING ERRCODE = 'CH001', CONSTRAINT = box;
    END IF;
    FOREACH known IN ARRAY ARRAY[least(domain_root, organisation_root),
                                 nullif(greatest(domain_root, organisation_root), least(domain_root, organisation_root))] LOOP
        CONTINUE WHEN known IS NULL;
        UPDATE quota_root q SET used_bytes = q.used_bytes + c_size
         WHERE q.quota_root_id = known AND may_touch_roots AND (q.limit_bytes = 0 OR q.used_bytes + c_size <= q.limit_bytes);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'quota root % needs a closer look', known USING ERRCODE = 'CH001', CONSTRAINT = box;
        END IF;
    END LOOP;

    IF place_use IS NOT NULL AND place = 0 THEN
        SELECT f.folder_id INTO into_folder FROM folder f
         WHERE f.mailbox_id = box AND f.special_use = place_use AND f.deleted_us IS NULL;
    ELSIF place_name IS NOT NULL AND place = 0 THEN
        SELECT f.folder_id INTO into_folder FROM folder f
         WHERE f.mailbox_id = box AND f.name = place_name AND f.deleted_us IS NULL;
    ELSIF place > 0 THEN
        into_folder := place;
    END IF;
    IF into_folder IS NULL THEN
        UPDATE folder f
           SET uidnext = f.uidnext + 1, modseq = new_modseq, messages = f.messages + 1, unseen = f.unseen + is_unseen,
               deleted = f.deleted + is_deleted, bytes = f.bytes + c_size
         WHERE f.mailbox_id = box AND f.name = 'INBOX' AND f.deleted_us IS NULL
        RETURNING f.folder_id, f.uidvalidity, f.uidnext - 1 INTO into_folder, validity, new_uid;
    ELSE
        UPDATE folder f
           SET uidnext = f.uidnext + 1, modseq = new_modseq, messages = f.messages + 1, unseen = f.unseen + is_unseen,
               deleted = f.deleted + is_deleted, bytes = f.bytes + c_size
         WHERE f.folder_id = into_folder AND f.mailbox_id = box AND f.deleted_us IS NULL
        RETURNING f.uidvalidity, f.uidnext - 1 INTO validity, new_uid;
    END IF;
    IF new_uid IS NULL OR new_uid > 4294967295 THEN
        RAISE EXCEPTION 'the folder of mailbox % needs a closer look', box USING ERRCODE = 'CH001', CONSTRAINT = box;
    END IF;

    INSERT INTO message (message_id, content_hash, size, header_size, chunks, part_index, envelope, body_structure,
                         header, columns, preview, created_us)
    VALUES (c_id, c_hash, c_size, c_header_size, c_chunks, c_index, c_envelope, c_structure, c_header, c_columns, c_preview,
            now_us)
    ON CONFLICT (content_hash) DO NOTHING;
    IF FOUND THEN
        stored := c_id;
        IF c_body IS NULL THEN
            PERFORM take_staged(ARRAY[c_id], ARRAY[c_chunks]);
        ELSE
            INSERT INTO body (message_id, chunk, codec, data) VALUES (c_id, 0, c_codec, c_body);
        END IF;
    ELSE -- the lock keeps housekeeping from removing it
        SELECT c.message_id INTO stored FROM message c WHERE c.content_hash = c_hash FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the content has just been removed' USING ERRCODE = 'serialization_failure';
        END IF;
        IF c_body IS NULL THEN
            DELETE FROM body_staged WHERE message_id = c_id;
            DELETE FROM body WHERE message_id = c_id;
        END IF;
    END IF;

    FOREACH ref IN ARRAY refs LOOP
        SELECT r.thread_id INTO known FROM thread_reference r
         WHERE r.mailbox_id = box AND r.hash = ref AND r.subject_hash = subject;
        IF FOUND THEN
            thread := least(thread, known);
        ELSE
            missing := missing || ref;
        END IF;
    END LOOP;
    thread := coalesce(thread, new_item);
    FOREACH ref IN ARRAY missing LOOP
        INSERT INTO thread_reference (mailbox_id, hash, subject_hash, thread_id) VALUES (box, ref, subject, thread);
    END LOOP;
    INSERT INTO item (item_id, mailbox_id, message_id, thread_id, created_modseq, saved_us)
    VALUES (new_item, box, stored, thread, new_modseq, now_us);
    INSERT INTO membership (folder_id, uid, modseq, flags, item_id, message_id, size, received_us, saved_us)
    VALUES (into_folder, new_uid, new_modseq, new_flags, new_item, stored, c_size, received, now_us);
    IF receipt IS NOT NULL THEN
        INSERT INTO delivery_receipt (receipt_id, created_us) VALUES (receipt, now_us);
    END IF;
    RETURN ARRAY[new_modseq, into_folder, validity, new_uid, thread, stored];
END $$;

-- The same for copies of one message in many mailboxes: the rows of a table in one statement.
-- Mailbox rows are locked by id, then quota roots by id, then folders. NULL, and nothing written: something is not ordinary (a mailbox that is gone, nearly full or has another script,
-- a root without room for all, no such folder, a content that is stored already), and whoever called decides.
-- Few arrays, because each costs some microseconds; the rows of one are so many numbers or strings long:
--   contents   4: message_id, size, header_size, chunks      content_bytes  5: part_index, envelope, body_structure, header,
--   hashes, previews  1                                                        columns
--   bodies     2: message_id, codec                          body_bytes     1      staged  2: message_id, pieces
--   mailbox_ids  1, ascending                                places         2: special use, name; else it is the INBOX
--   mailboxes  6: script_version (-1: any), folder_id (0: by name), and the sums: bytes, messages, unseen, deleted
--   items      7: item_id, number of its mailbox, message_id, place among its new ones, flags, size, received_us
--   refs       4: number of its item, mailbox_id, hash, subject_hash
-- Gives four numbers a mailbox (all modseqs, all folders, all UIDVALIDITYs, all first UIDs), then the conversation of each item.
CREATE FUNCTION file_many(
    now_us bigint, receipt uuid, contents bigint[], hashes bytea[], content_bytes bytea[], previews text[], bodies bigint[],
    body_bytes bytea[], staged bigint[], mailbox_ids bigint[], mailboxes bigint[], places text[], items bigint[],
    refs bigint[]
) RETURNS bigint[] LANGUAGE plpgsql
-- By keys, whatever the tables held when the statements were planned; and unnest(), which the planner takes for ten rows, where
-- generate_series() would be a thousand.
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    mailbox_count CONSTANT integer := cardinality(mailbox_ids);
    item_count CONSTANT integer := cardinality(items) / 7;
    ref_count CONSTANT integer := cardinality(refs) / 4;
    folders bigint[];
    found_count integer;
    roots integer;
    modseqs bigint[];
    validities bigint[];
    first_uids bigint[];
    threads bigint[];
    known bigint[];
    known_count integer := 0;
BEGIN
    PERFORM FROM message c WHERE c.content_hash = ANY (hashes);
    IF FOUND THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(t.folder_id ORDER BY t.n), count(t.domain_root_id) + count(t.organisation_root_id) INTO folders, roots
      FROM (SELECT x.n, m.domain_root_id, m.organisation_root_id,
                   CASE WHEN mailboxes[6 * x.n - 4] > 0 THEN
                       (SELECT f.folder_id FROM folder f WHERE f.folder_id = mailboxes[6 * x.n - 4]
                           AND f.mailbox_id = x.mailbox_id AND f.deleted_us IS NULL)
                   ELSE coalesce(
                       CASE WHEN places[2 * x.n - 1] IS NOT NULL THEN
                           (SELECT f.folder_id FROM folder f WHERE f.mailbox_id = x.mailbox_id
                               AND f.special_use = places[2 * x.n - 1] AND f.deleted_us IS NULL)
                       WHEN places[2 * x.n] IS NOT NULL THEN
                           (SELECT f.folder_id FROM folder f WHERE f.mailbox_id = x.mailbox_id
                               AND f.name = places[2 * x.n] AND f.deleted_us IS NULL) END,
                       (SELECT f.folder_id FROM folder f
                         WHERE f.mailbox_id = x.mailbox_id AND f.name = 'INBOX' AND f.deleted_us IS NULL)) END AS folder_id
              FROM unnest(mailbox_ids) WITH ORDINALITY AS x (mailbox_id, n)
              JOIN mailbox m ON m.mailbox_id = x.mailbox_id
              JOIN store s ON s.store_id = m.store_id
             WHERE m.deleted_us IS NULL AND s.is_mounted AND mailboxes[6 * x.n - 5] IN (-1, m.script_version)
               AND coalesce(m.used_bytes + mailboxes[6 * x.n - 3] < m.quota_bytes - m.quota_bytes / 5, true)
               AND coalesce(m.used_messages + mailboxes[6 * x.n - 2] < m.quota_messages - m.quota_messages / 5, true)) t;
    IF cardinality(folders) IS DISTINCT FROM mailbox_count OR array_position(folders, NULL) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF roots > 0 THEN
        PERFORM FROM unnest(mailbox_ids) AS x (mailbox_id)
           JOIN mailbox m ON m.mailbox_id = x.mailbox_id
           JOIN quota_root q ON q.quota_root_id IN (m.domain_root_id, m.organisation_root_id)
          WHERE q.limit_bytes > 0 AND q.used_bytes + (SELECT sum(mailboxes[6 * n - 3])
                                                        FROM generate_series(1, mailbox_count) AS n) > q.limit_bytes;
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;

    WITH done AS (
        UPDATE mailbox m
           SET modseq = m.modseq + 1, used_bytes = m.used_bytes + mailboxes[6 * x.n - 3],
               used_messages = m.used_messages + mailboxes[6 * x.n - 2], is_quota_warned = false
          FROM unnest(mailbox_ids) WITH ORDINALITY AS x (mailbox_id, n)
         WHERE m.mailbox_id = x.mailbox_id AND m.deleted_us IS NULL AND mailboxes[6 * x.n - 5] IN (-1, m.script_version)
           AND coalesce(m.used_bytes + mailboxes[6 * x.n - 3] < m.quota_bytes - m.quota_bytes / 5, true)
           AND coalesce(m.used_messages + mailboxes[6 * x.n - 2] < m.quota_messages - m.quota_messages / 5, true)
        RETURNING x.n, m.modseq)
    SELECT array_agg(d.modseq ORDER BY d.n), count(*) INTO modseqs, found_count FROM done d;
    IF found_count <> mailbox_count THEN
        RAISE EXCEPTION 'a mailbox has just been changed' USING ERRCODE = 'serialization_failure';
    END IF;
    IF roots > 0 THEN
        WITH wanted AS (
            SELECT r.root_id, sum(mailboxes[6 * x.n - 3])::bigint AS bytes
              FROM unnest(mailbox_ids) WITH ORDINALITY AS x (mailbox_id, n)
              JOIN mailbox m ON m.mailbox_id = x.mailbox_id
             CROSS JOIN LATERAL (VALUES (m.domain_root_id), (m.organisation_root_id)) AS r (root_id)
             WHERE r.root_id IS NOT NULL GROUP BY r.root_id ORDER BY r.root_id),
        done AS (
            UPDATE quota_root q SET used_bytes = q.used_bytes + w.bytes FROM wanted w
             WHERE q.quota_root_id = w.root_id AND (q.limit_bytes = 0 OR q.used_bytes + w.bytes <= q.limit_bytes)
            RETURNING 1)
        SELECT (SELECT count(*) FROM wanted) - (SELECT count(*) FROM done) INTO found_count;
        IF found_count <> 0 THEN
            RAISE EXCEPTION 'a quota root has just been filled' USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;
    WITH done AS (
        UPDATE folder f
           SET uidnext = f.uidnext + mailboxes[6 * x.n - 2], modseq = modseqs[x.n],
               messages = f.messages + mailboxes[6 * x.n - 2], unseen = f.unseen + mailboxes[6 * x.n - 1],
               deleted = f.deleted + mailboxes[6 * x.n], bytes = f.bytes + mailboxes[6 * x.n - 3]
          FROM unnest(folders) WITH ORDINALITY AS x (folder_id, n)
         WHERE f.folder_id = x.folder_id AND f.deleted_us IS NULL
        RETURNING x.n, f.uidvalidity, f.uidnext, f.uidnext - mailboxes[6 * x.n - 2] AS first_uid)
    SELECT array_agg(d.uidvalidity ORDER BY d.n), array_agg(d.first_uid ORDER BY d.n),
           count(*) FILTER (WHERE d.uidnext <= 4294967296)
      INTO validities, first_uids, found_count FROM done d;
    IF found_count <> mailbox_count THEN
        RAISE EXCEPTION 'a folder has just been deleted, or has no UIDs left' USING ERRCODE = 'CH001';
    END IF;

    INSERT INTO message (message_id, content_hash, size, header_size, chunks, part_index, envelope, body_structure,
                         header, columns, preview, created_us)
    SELECT contents[4 * n - 3], hashes[n], contents[4 * n - 2], contents[4 * n - 1], contents[4 * n],
           content_bytes[5 * n - 4], content_bytes[5 * n - 3], content_bytes[5 * n - 2], content_bytes[5 * n - 1],
           content_bytes[5 * n], previews[n], now_us
      FROM generate_series(1, cardinality(previews)) AS n;
    IF cardinality(body_bytes) > 0 THEN
        INSERT INTO body (message_id, chunk, codec, data)
        SELECT bodies[2 * n - 1], 0, bodies[2 * n], body_bytes[n] FROM generate_series(1, cardinality(body_bytes)) AS n;
    END IF;
    IF cardinality(staged) > 0 THEN
        PERFORM take_staged(array_agg(staged[2 * n - 1]), array_agg(staged[2 * n]::integer))
           FROM generate_series(1, cardinality(staged) / 2) AS n;
    END IF;

    IF ref_count > 0 THEN
        SELECT array_agg(r.thread_id ORDER BY n), count(r.thread_id) INTO known, known_count
          FROM generate_series(1, ref_count) AS n
          LEFT JOIN thread_reference r
            ON r.mailbox_id = refs[4 * n - 2] AND r.hash = refs[4 * n - 1] AND r.subject_hash = refs[4 * n];
    END IF;
    IF known_count > 0 THEN
        SELECT array_agg(coalesce(k.thread_id, items[7 * n - 6]) ORDER BY n) INTO threads
          FROM generate_series(1, item_count) AS n
          LEFT JOIN (SELECT refs[4 * r - 3] AS item, min(known[r]) AS thread_id
                       FROM generate_series(1, ref_count) AS r GROUP BY 1) k ON k.item = n;
    ELSE
        SELECT array_agg(items[7 * n - 6] ORDER BY n) INTO threads FROM generate_series(1, item_count) AS n;
    END IF;
    IF known_count < ref_count THEN
        INSERT INTO thread_reference (mailbox_id, hash, subject_hash, thread_id)
        SELECT refs[4 * n - 2], refs[4 * n - 1], refs[4 * n], threads[refs[4 * n - 3]]
          FROM generate_series(1, ref_count) AS n WHERE known[n] IS NULL;
    END IF;
    INSERT INTO item (item_id, mailbox_id, message_id, thread_id, created_modseq, saved_us)
    SELECT items[7 * n - 6], mailbox_ids[items[7 * n - 5]], items[7 * n - 4], threads[n], modseqs[items[7 * n - 5]],
           now_us
      FROM generate_series(1, item_count) AS n;
    INSERT INTO membership (folder_id, uid, modseq, flags, item_id, message_id, size, received_us, saved_us)
    SELECT folders[items[7 * n - 5]], first_uids[items[7 * n - 5]] + items[7 * n - 3], modseqs[items[7 * n - 5]],
           items[7 * n - 2], items[7 * n - 6], items[7 * n - 4], items[7 * n - 1], items[7 * n], now_us
      FROM generate_series(1, item_count) AS n;
    INSERT INTO delivery_receipt (receipt_id, created_us) VALUES (receipt, now_us);
    RETURN modseqs || folders || validities || first_uids || threads;
END $$;

-- What an import has already brought, so that it can be taken up again without duplicates.
CREATE TABLE import_receipt (
    mailbox_id   bigint NOT NULL,
    source_hash  bytea NOT NULL,                        -- SHA-256 of folder, source name and content hash
    PRIMARY KEY (mailbox_id, source_hash)
);
