-- What a person's programs have to do with the account: from where, when, and who is told of new mail.

-- From where an app password is good, as '192.0.2.0/24'; none: from anywhere.
ALTER TABLE app_password ADD COLUMN networks text[] NOT NULL DEFAULT '{}';
GRANT SELECT (networks) ON app_password TO chappe_app;

-- Logins by password of mail programs and the like, added up by day, for the owner of the account. Kept for a quarter of a year.
CREATE TABLE login_seen (
    organisation_id bigint  NOT NULL,
    recipient_id    bigint  NOT NULL,
    day_us          bigint  NOT NULL,           -- its beginning, UTC
    protocol        integer NOT NULL,           -- one bit (directory_protocol)
    peer            text    NOT NULL,           -- address
    app_password    text    NOT NULL DEFAULT '', -- its name; '': the account's own password
    first_us        bigint  NOT NULL,
    last_us         bigint  NOT NULL,
    logins          bigint  NOT NULL,
    PRIMARY KEY (recipient_id, day_us, protocol, peer, app_password),
    FOREIGN KEY (organisation_id, recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE
);
CREATE INDEX login_seen_by_day ON login_seen (day_us);

ALTER TABLE login_seen ENABLE ROW LEVEL SECURITY;
ALTER TABLE login_seen FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON login_seen TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON login_seen TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON login_seen TO chappe_lookup;
GRANT SELECT ON login_seen TO chappe_app;
