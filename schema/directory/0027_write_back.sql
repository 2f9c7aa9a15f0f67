-- How writing back into a company directory goes: for who answers for it, until it goes well.

ALTER TABLE directory_source_state
    ADD COLUMN written_us  bigint NOT NULL DEFAULT 0,  -- something was last written into it; 0: never
    ADD COLUMN write_fault text   NOT NULL DEFAULT ''; -- why not all that is due could be written last time; '': it could

-- What the directory refused to take. Tried again when the entry or the source's settings change, or when somebody asks.
CREATE TABLE directory_write_refused (
    source_id       bigint NOT NULL,
    organisation_id bigint NOT NULL,
    entry_key       text   NOT NULL,
    message         text   NOT NULL, -- for people
    cause           text   NOT NULL, -- what the server said
    detail          text   NOT NULL, -- what it was to take
    since_us        bigint NOT NULL,
    PRIMARY KEY (source_id, entry_key),
    FOREIGN KEY (source_id, entry_key) REFERENCES directory_entry (source_id, entry_key) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, source_id) REFERENCES directory_source (organisation_id, source_id) ON DELETE CASCADE
);
ALTER TABLE directory_write_refused ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_write_refused FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON directory_write_refused TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON directory_write_refused TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON directory_write_refused TO chappe_app;
GRANT SELECT ON directory_write_refused TO chappe_lookup;
