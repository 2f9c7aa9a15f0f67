-- 0031_directory_people.sql -- choosing among the people of a directory: a page of 100,000 is read in its order, and what is looked for is
-- compared with what was folded once.
ALTER TABLE directory_entry
    ADD COLUMN sort_name text COLLATE "C" GENERATED ALWAYS AS (chappe_fold(name)) STORED,
    ADD COLUMN sort_text text COLLATE "C"
        GENERATED ALWAYS AS (chappe_fold(name || ' ' || account || ' ' || principal || ' ' || mail)) STORED;
CREATE INDEX directory_entry_people ON directory_entry (source_id, is_chosen DESC, sort_name, entry_key)
    WHERE kind = 'user' AND missing_us = 0;
