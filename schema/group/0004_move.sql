-- Mailboxes on their way to another storage group (storage/move), and what a store says of its mailboxes.

-- What a store says of its mailboxes (directory: store). Limits are of a mailbox without one of its own; 0: none.
ALTER TABLE store
    ADD COLUMN deleted_mailbox_days integer NOT NULL DEFAULT 30, -- how long a deleted mailbox can be reconnected
    ADD COLUMN warn_bytes           bigint  NOT NULL DEFAULT 0,
    ADD COLUMN no_send_bytes        bigint  NOT NULL DEFAULT 0,
    ADD COLUMN no_receive_bytes     bigint  NOT NULL DEFAULT 0;
-- In each mailbox stands what holds for it, so that a delivery looks at one row.
ALTER TABLE mailbox
    ADD COLUMN has_own_quota boolean NOT NULL DEFAULT false,     -- quota_bytes is its own; false: the store's
    ADD COLUMN warn_bytes    bigint CHECK (warn_bytes > 0),      -- its owner is warned from there; NULL: from 80 % of quota_bytes
    ADD COLUMN no_send_bytes bigint CHECK (no_send_bytes > 0);   -- its owner cannot send from there; NULL: always
UPDATE mailbox SET has_own_quota = quota_bytes IS NOT NULL;

-- Writes down what holds for mailboxes that came into their store, or whose store's limits were changed.
CREATE FUNCTION take_store_limits(wanted bigint[]) RETURNS void LANGUAGE sql AS $$
    UPDATE mailbox m
       SET quota_bytes = CASE WHEN m.has_own_quota THEN m.quota_bytes ELSE nullif(s.no_receive_bytes, 0) END,
           warn_bytes = CASE WHEN m.has_own_quota THEN NULL ELSE nullif(s.warn_bytes, 0) END,
           no_send_bytes = CASE WHEN m.has_own_quota THEN NULL ELSE nullif(s.no_send_bytes, 0) END
      FROM store s WHERE s.store_id = m.store_id AND m.mailbox_id = ANY (wanted)
$$;

-- How much was in a store, once a day.
CREATE TABLE store_history (
    store_id  bigint  NOT NULL REFERENCES store ON DELETE CASCADE,
    day       integer NOT NULL,                          -- since 1970-01-01, UTC
    mailboxes bigint  NOT NULL,
    bytes     bigint  NOT NULL,
    messages  bigint  NOT NULL,
    PRIMARY KEY (store_id, day)
);

-- The store of mailboxes on their way, in the group that they leave and in the one that they come to: never mounted, so that
-- everybody who asks for one is told to come back; known to no directory. Housekeeping removes nothing from it.
INSERT INTO store (store_id, name, kind, is_mounted, deleted_item_days, deleted_mailbox_days)
    VALUES (0, 'in transit', 'mailbox', false, 36500, 36500);

-- Tells what a process remembers of a mailbox from what it is after it went away and came back.
ALTER TABLE mailbox ADD COLUMN arrival bigint NOT NULL DEFAULT 0;

CREATE TABLE mailbox_transit (
    mailbox_id  bigint PRIMARY KEY,
    is_arriving boolean NOT NULL,                       -- a copy that is being made here; false: it leaves, or has left
    store_id    bigint  NOT NULL,                       -- leaving: the store that it was in; arriving: that it will be in
    runner      bigint  NOT NULL DEFAULT 0,             -- arriving: who works on the copy. Whoever finds another one here stops
    left_us     bigint                                  -- leaving: since when it lives elsewhere; what is here is removed, the mailbox's row last
);

-- What tells a row from any other row of its table, whatever numbers things have here that are other ones in another group.
CREATE FUNCTION transit_hash(a_row anyelement) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT hashtextextended(jsonb_populate_record(a_row,
        '{"folder_id": 0, "item_id": 0, "thread_id": 0, "identity_id": 0, "submission_id": 0}'::jsonb)::text, 0)
$$;

-- Puts rows, given as PostgreSQL writes whole rows, into `target`; one that has the same key is replaced.
CREATE FUNCTION transit_put(target regclass, key_columns text, whole_rows text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    others text;
BEGIN
    SELECT string_agg(format('%1$I = excluded.%1$I', attname), ', ') INTO others FROM pg_attribute
     WHERE attrelid = target AND attnum > 0 AND NOT attisdropped
       AND attname <> ALL (string_to_array(key_columns, ', '));
    EXECUTE format('INSERT INTO %1$s OVERRIDING SYSTEM VALUE'
                   ' SELECT (x.r).* FROM (SELECT t::%1$s AS r FROM unnest($1) AS t OFFSET 0) AS x'
                   ' ON CONFLICT (%2$s) DO UPDATE SET %3$s', target, key_columns, others) USING whole_rows;
END $$;

-- As before (0001_mailboxes.sql), but for folders whose number is negative: those of a mailbox that came from another storage group;
-- that a mailbox which was dismounted while we waited for its row is seen; and that owners are warned when the store says.
CREATE OR REPLACE FUNCTION file_one(
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
       AND coalesce(m.used_bytes + c_size < least(m.warn_bytes, m.quota_bytes - m.quota_bytes / 5), true)
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
    ELSIF place <> 0 THEN
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

CREATE OR REPLACE FUNCTION file_many(
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
                   CASE WHEN mailboxes[6 * x.n - 4] <> 0 THEN
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
               AND coalesce(m.used_bytes + mailboxes[6 * x.n - 3] < least(m.warn_bytes, m.quota_bytes - m.quota_bytes / 5), true)
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
           AND (SELECT s.is_mounted FROM store s WHERE s.store_id = m.store_id)
           AND coalesce(m.used_bytes + mailboxes[6 * x.n - 3] < least(m.warn_bytes, m.quota_bytes - m.quota_bytes / 5), true)
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
