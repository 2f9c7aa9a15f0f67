-- Words of items as they stand, folded, for what begins with a word or is one (JMAP). Derived, from the same rows and at the same time
-- as search_word, which knows stems. A lexeme is "MAILBOX/pWORD" (mailbox in base 36; p: h of the people and the subject, b of the
-- text), so that an entry of the index tells of one mailbox alone; "MAILBOX/!" stands at items with more words than are kept here.
CREATE TABLE search_lexeme (
    item_id  bigint PRIMARY KEY,
    words    tsvector NOT NULL
);
-- What is read of the table itself are ids: words lie beside it, so that a page holds a hundred of them.
ALTER TABLE search_lexeme SET (toast_tuple_target = 128);
CREATE INDEX search_lexeme_gin ON search_lexeme USING gin (words);

-- Items with these words, by the index alone: nothing else is ever quick here, whatever the planner believes.
CREATE FUNCTION search_lexeme_items(wanted tsquery) RETURNS bigint[] LANGUAGE sql STABLE
SET enable_seqscan = off SET jit = off AS $$
    SELECT coalesce(array_agg(item_id), '{}') FROM search_lexeme WHERE words @@ wanted
$$;

-- Both tables of words begin anew from search_text.
UPDATE search_state SET words_uid = 0;
