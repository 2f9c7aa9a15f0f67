-- Address books: whom people find of their organisation, and what programs are shown of it.

-- ---------------------------------------------------------------- search by any part of a name or address

-- Of the contributed modules that every PostgreSQL package brings; trusted, so that the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX recipient_by_name_part ON recipient USING gin (sort_name gin_trgm_ops);
CREATE INDEX address_by_part ON address USING gin (address gin_trgm_ops);
CREATE INDEX recipient_target_by_part ON recipient_target USING gin (lower(target_address) gin_trgm_ops)
    WHERE target_address IS NOT NULL; -- contacts, by where their mail goes

-- ---------------------------------------------------------------- lists that are shown to people

-- In which order, and to whom. Recipient policies have the same shape and use neither.
ALTER TABLE address_list
    ADD COLUMN position      integer NOT NULL DEFAULT 0,
    ADD COLUMN visible_to_id bigint, -- a group whose members see it, or one person; NULL: everybody of the organisation
    ADD FOREIGN KEY (organisation_id, visible_to_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE; -- rather none than shown to all
CREATE INDEX address_list_by_reader ON address_list (visible_to_id) WHERE visible_to_id IS NOT NULL;
