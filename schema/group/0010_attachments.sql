-- What attachments say (PDF, office documents), for the search. Derived: once a message, whoever has it.
CREATE TABLE attachment_text (
    message_id  bigint PRIMARY KEY REFERENCES message ON DELETE CASCADE,
    tries       smallint NOT NULL,                      -- begun; more than some without an end: given up
    is_done     boolean NOT NULL DEFAULT false,         -- looked at, or given up: not again
    reasons     text NOT NULL DEFAULT '',               -- why not all could be read: 'encrypted', 'late killed', ...
    raw_bytes   integer NOT NULL DEFAULT 0,             -- of the text
    data        bytea                                   -- zstd; NULL: no text
);
ALTER TABLE attachment_text ALTER COLUMN data SET STORAGE EXTERNAL;

-- Its words, as in search_lexeme ("MAILBOX/aWORD", "MAILBOX/!"), for each item whose message has such a text.
CREATE TABLE search_attachment (
    item_id     bigint PRIMARY KEY REFERENCES item ON DELETE CASCADE,
    words       tsvector NOT NULL
);
ALTER TABLE search_attachment SET (toast_tuple_target = 128);
CREATE INDEX search_attachment_gin ON search_attachment USING gin (words);

CREATE FUNCTION search_attachment_items(wanted tsquery) RETURNS bigint[] LANGUAGE sql STABLE
SET enable_seqscan = off SET jit = off AS $$
    SELECT coalesce(array_agg(item_id), '{}') FROM search_attachment WHERE words @@ wanted
$$;

-- How far attachments have been looked at, and of how many messages words were noted: what JMAP's state of a query tells.
ALTER TABLE search_state ADD attached_uid bigint NOT NULL DEFAULT 0, ADD attached_count bigint NOT NULL DEFAULT 0;
