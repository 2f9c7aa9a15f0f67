-- Who is connected with a mail program, and files that jobs write.

-- ---------------------------------------------------------------- connections

-- A role of a server that has connections, and says so now and then. One that has not for some minutes is gone, and so are its connections.
CREATE TABLE line_process (
    process text   PRIMARY KEY, -- "mail.example.org/mailbox"
    seen_us bigint NOT NULL
);

-- A connection of a mail program whose owner has logged in: written a moment later by the role that has it, removed when it ends.
CREATE TABLE line_session (
    -- no session of a browser and no token has the same
    line_session_id bigint  PRIMARY KEY DEFAULT nextval('access_token_access_token_id_seq'),
    organisation_id bigint  NOT NULL,
    recipient_id    bigint  NOT NULL,
    process         text    NOT NULL REFERENCES line_process ON DELETE CASCADE,
    session         text    NOT NULL,               -- its name in that role, as the log has it
    protocol        integer NOT NULL,               -- one bit (directory_protocol)
    peer            text    NOT NULL,               -- address
    began_us        bigint  NOT NULL,
    is_ended        boolean NOT NULL DEFAULT false, -- somebody wants it closed: the role does, and removes it
    UNIQUE (process, session),
    FOREIGN KEY (organisation_id, recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE
);
CREATE INDEX line_session_by_recipient ON line_session (recipient_id);
CREATE INDEX line_session_by_organisation ON line_session (organisation_id, line_session_id);
CREATE INDEX line_session_ended ON line_session (process) WHERE is_ended;
-- pages of all sessions of an organisation
CREATE INDEX access_token_by_organisation ON access_token (organisation_id, access_token_id);

ALTER TABLE line_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE line_session FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON line_session TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON line_session TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
CREATE POLICY within ON line_session AS RESTRICTIVE FOR ALL TO chappe_app
    USING ((SELECT chappe_within()) = '' OR chappe_reaches(recipient_id));
GRANT SELECT, INSERT, UPDATE, DELETE ON line_process, line_session TO chappe_lookup;
GRANT USAGE ON SEQUENCE access_token_access_token_id_seq TO chappe_lookup;
GRANT SELECT, UPDATE (is_ended) ON line_session TO chappe_app;
GRANT SELECT ON line_process TO chappe_app;

-- ---------------------------------------------------------------- lists as files

ALTER TABLE job DROP CONSTRAINT job_kind_check;
ALTER TABLE job ADD CONSTRAINT job_kind_check CHECK (kind IN ('import', 'bulk', 'export'));

-- What a job of the kind export has written so far, a page of the list a row. Gone a day after the job's end.
CREATE TABLE job_part (
    job_id   bigint  NOT NULL REFERENCES job ON DELETE CASCADE,
    position integer NOT NULL, -- of the item that it came of
    part     text    NOT NULL, -- lines of CSV
    PRIMARY KEY (job_id, position)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON job_part TO chappe_lookup;
