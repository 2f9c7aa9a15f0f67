-- Who but its owner opened a mailbox.

-- The opener's address on that day; '': the owner himself, who logged in. With an opener `logins` counts visits.
ALTER TABLE login_seen ADD COLUMN opener text NOT NULL DEFAULT '';
ALTER TABLE login_seen DROP CONSTRAINT login_seen_pkey;
ALTER TABLE login_seen ADD PRIMARY KEY (recipient_id, day_us, protocol, peer, app_password, opener);

-- What the owner of a mailbox was told last of how long mail is kept there, so that it is told once.
CREATE TABLE retention_told (
    recipient_id    bigint PRIMARY KEY,
    organisation_id bigint NOT NULL,
    rules           text   NOT NULL, -- "*=365:archive Junk=30:delete", a line each
    told_us         bigint NOT NULL,
    FOREIGN KEY (organisation_id, recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE
);
CREATE INDEX retention_told_by_organisation ON retention_told (organisation_id);
ALTER TABLE retention_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE retention_told FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON retention_told TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON retention_told TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
CREATE POLICY within ON retention_told AS RESTRICTIVE FOR ALL TO chappe_app
    USING ((SELECT chappe_within()) = '' OR chappe_reaches(recipient_id));
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_told TO chappe_lookup;
GRANT SELECT ON retention_told TO chappe_app;

-- ---------------------------------------------------------------- pages of recipients

-- In orders for which every row was looked at and sorted; and whom filters find that fit few.
CREATE INDEX recipient_by_quota ON recipient (organisation_id, quota_bytes, recipient_id);
CREATE INDEX recipient_by_kind ON recipient (organisation_id, kind, recipient_id);
CREATE INDEX recipient_by_state ON recipient (organisation_id, state, recipient_id);
CREATE INDEX recipient_by_created_of_all ON recipient (created_us, recipient_id);
