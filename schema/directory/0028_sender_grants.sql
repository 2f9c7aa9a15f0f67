-- Who may write in the name of a mailbox or a group.
CREATE TABLE sender_grant (
    recipient_id    bigint  NOT NULL, -- in whose name
    organisation_id bigint  NOT NULL,
    grantee_id      bigint  NOT NULL, -- a user
    is_on_behalf    boolean NOT NULL, -- Sender says who wrote; false: nothing does
    created_us      bigint  NOT NULL,
    PRIMARY KEY (recipient_id, grantee_id),
    CHECK (recipient_id <> grantee_id),
    FOREIGN KEY (organisation_id, recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, grantee_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE
);
CREATE INDEX sender_grant_by_grantee ON sender_grant (grantee_id);

ALTER TABLE sender_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE sender_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON sender_grant FOR SELECT TO chappe_lookup USING (true);
CREATE POLICY tenant ON sender_grant TO chappe_app
    USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
CREATE POLICY within ON sender_grant AS RESTRICTIVE FOR ALL TO chappe_app
    USING ((SELECT chappe_within()) = '' OR chappe_reaches(recipient_id));
GRANT SELECT, INSERT, UPDATE, DELETE ON sender_grant TO chappe_app;
GRANT SELECT ON sender_grant TO chappe_lookup;

-- What others send in the name of a mailbox lies in its Sent as well.
ALTER TABLE recipient ADD COLUMN keeps_sent boolean NOT NULL DEFAULT false;
