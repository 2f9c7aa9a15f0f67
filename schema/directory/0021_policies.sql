-- What recipient policies say beside addresses: limits, and how long mail is kept.

-- 0: it says nothing of this matter. Of several policies that select somebody, the first that says something of a matter counts, by
-- position, then by name.
ALTER TABLE recipient_policy
    ADD COLUMN position      integer NOT NULL DEFAULT 0,
    ADD COLUMN send_bytes    bigint  NOT NULL DEFAULT 0 CHECK (send_bytes >= 0),    -- of a message that somebody sends
    ADD COLUMN receive_bytes bigint  NOT NULL DEFAULT 0 CHECK (receive_bytes >= 0), -- of one that somebody gets, who has no limit of his own
    ADD COLUMN recipients    bigint  NOT NULL DEFAULT 0 CHECK (recipients >= 0),    -- of one message that somebody sends
    ADD COLUMN quota_bytes   bigint  NOT NULL DEFAULT 0 CHECK (quota_bytes >= 0);   -- of a mailbox that is made without one of its own

-- How long mail lies in a folder, and what becomes of it then (storage/mailbox/retention.h).
CREATE TABLE retention_rule (
    organisation_id bigint  NOT NULL,
    policy          text    NOT NULL,
    folder          text    NOT NULL,  -- with all below it; "\Trash": by its use; '': whatever has no rule of its own
    days            integer NOT NULL CHECK (days > 0),
    act             text    NOT NULL CHECK (act IN ('delete', 'trash', 'archive')),
    PRIMARY KEY (organisation_id, policy, folder),
    FOREIGN KEY (organisation_id, policy) REFERENCES recipient_policy (organisation_id, name)
        ON UPDATE CASCADE ON DELETE CASCADE
);
ALTER TABLE retention_rule ENABLE ROW LEVEL SECURITY;
ALTER TABLE retention_rule FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON retention_rule FOR SELECT TO chappe_lookup USING (true);
CREATE POLICY tenant ON retention_rule TO chappe_app
    USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_rule TO chappe_app;
GRANT SELECT ON retention_rule TO chappe_lookup;

-- limits are remembered with what an address stands for
CREATE TRIGGER raise_stamp AFTER INSERT OR UPDATE OR DELETE ON recipient_policy
    FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_stamp();
