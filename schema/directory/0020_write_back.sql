-- What the synchronisation with company directories must remember from one run to the next.

ALTER TABLE directory_entry
    -- its recipient was looked at, and the groups that it is, or is in, not yet: a run that breaks off leaves it to the next one
    ADD COLUMN groups_due boolean NOT NULL DEFAULT false,
    -- in conflict, and last tried then; 0: it is not. Tried again where something changes that it waits for, and now and then
    ADD COLUMN waits_us bigint NOT NULL DEFAULT 0,
    -- its recipient was looked at, and what is written back to the directory not yet compared
    ADD COLUMN write_due boolean NOT NULL DEFAULT false;
CREATE INDEX directory_entry_write_due ON directory_entry (source_id, entry_key) WHERE write_due;
CREATE INDEX directory_entry_groups_due ON directory_entry (source_id) WHERE groups_due;
CREATE INDEX directory_entry_waits ON directory_entry (source_id, waits_us) WHERE waits_us > 0;
UPDATE directory_entry e SET is_due = false, waits_us = 1
 WHERE EXISTS (SELECT FROM directory_conflict c WHERE c.source_id = e.source_id AND c.entry_key = e.entry_key
                  AND c.what <> 'too-many-members');

-- What was written back into the directory, value by value. Only what stands here, and still stands there, is ever replaced there.
CREATE TABLE directory_written (
    source_id       bigint NOT NULL,
    organisation_id bigint NOT NULL,
    entry_key       text   NOT NULL,
    attribute       text   NOT NULL,
    digest          text   NOT NULL, -- SHA-256 of the value, in hexadecimal digits
    PRIMARY KEY (source_id, entry_key, attribute, digest),
    FOREIGN KEY (source_id, entry_key) REFERENCES directory_entry (source_id, entry_key) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, source_id) REFERENCES directory_source (organisation_id, source_id) ON DELETE CASCADE
);
ALTER TABLE directory_written ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_written FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON directory_written TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON directory_written TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, DELETE ON directory_written TO chappe_app;
GRANT SELECT ON directory_written TO chappe_lookup;

-- the password of the account that writes
ALTER TABLE directory_source_secret DROP CONSTRAINT directory_source_secret_name_check;
ALTER TABLE directory_source_secret ADD CONSTRAINT directory_source_secret_name_check
    CHECK (name IN ('bind_password', 'key', 'write_password'));

-- How the servers of a source are, as the process that synchronises sees them: [{"url", "cost", "state", ...}] (directory/source.h,
-- source_health()).
ALTER TABLE directory_source_state ADD COLUMN servers jsonb NOT NULL DEFAULT '[]';
