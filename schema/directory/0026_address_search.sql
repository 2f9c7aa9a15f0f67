-- Looking people up by what else is known of them: LDAP and CardDAV ask for given names, surnames and telephone numbers by any part,
-- address lists for departments and cities.

-- As storage/format/fold.h, so that what finds a card there finds it here: also Polish l and Croatian d with their strokes, Turkish
-- i without a dot, the final sigma, typographic apostrophes, vowel signs of Hebrew and Arabic.
CREATE OR REPLACE FUNCTION chappe_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
        SELECT translate(replace(replace(replace(lower(
                   regexp_replace(normalize($1, NFKD),
                                  '[' || chr(768) || '-' || chr(879) || chr(1425) || '-' || chr(1469) || chr(1471) || '-' || chr(1479)
                                      || chr(1611) || '-' || chr(1631) || chr(1648) || ']', '', 'g')
                   COLLATE "und-x-icu"), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), 'øłđıς’', 'oldiσ''')
    $$;
ALTER TABLE recipient NO FORCE ROW LEVEL SECURITY; -- of all organisations
UPDATE recipient SET name = name WHERE sort_name <> chappe_fold(name);
ALTER TABLE recipient FORCE ROW LEVEL SECURITY;

ALTER TABLE recipient_person
    ADD COLUMN sort_given_name text COLLATE "C" GENERATED ALWAYS AS (chappe_fold(given_name)) STORED,
    ADD COLUMN sort_surname    text COLLATE "C" GENERATED ALWAYS AS (chappe_fold(surname)) STORED;

-- Telephone numbers as they are compared (RFC 4517, 4.2.29, and what else people put between digits).
CREATE FUNCTION chappe_number(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT translate(lower($1), ' -.()/', '') $$;

-- One index, as most of these texts are asked about together.
CREATE INDEX recipient_person_by_part ON recipient_person
    USING gin (sort_given_name gin_trgm_ops, sort_surname gin_trgm_ops, chappe_number(phone) gin_trgm_ops, chappe_number(mobile) gin_trgm_ops,
               chappe_number(fax) gin_trgm_ops);
CREATE INDEX recipient_person_by_department ON recipient_person (organisation_id, lower(department));
CREATE INDEX recipient_person_by_city ON recipient_person (organisation_id, lower(city));

-- What was written last waits in a list that every search reads: a short one.
ALTER INDEX recipient_person_by_part SET (gin_pending_list_limit = 256);
ALTER INDEX recipient_by_name_part SET (gin_pending_list_limit = 256);
ALTER INDEX address_by_part SET (gin_pending_list_limit = 256);
ALTER INDEX recipient_target_by_part SET (gin_pending_list_limit = 256);
