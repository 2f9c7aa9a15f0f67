-- Who is told of changes although no program of his is connected (RFC 8620, 7.2), and with which key the server signs that (RFC 8292).

CREATE TABLE push_subscription (
    public_id       text    COLLATE "C" PRIMARY KEY,   -- random; as JMAP calls it
    organisation_id bigint  NOT NULL,
    recipient_id    bigint  NOT NULL,
    app_password_id bigint  REFERENCES app_password ON DELETE CASCADE, -- that it was made with; NULL: the account's own password, or a session
    device          text    NOT NULL,           -- as the client calls itself there
    url             text    NOT NULL,           -- https
    public_key      bytea,                      -- P-256, uncompressed (RFC 8291); NULL: not encrypted
    secret          bytea,                      -- 16 bytes
    code            text    NOT NULL,           -- that the client must have got over there before anything else is told
    code_is_sent    boolean NOT NULL DEFAULT false,
    is_verified     boolean NOT NULL DEFAULT false,
    types           text,                       -- 'Email,Mailbox'; NULL: all
    expires_us      bigint  NOT NULL,
    created_us      bigint  NOT NULL,
    told            jsonb   NOT NULL DEFAULT '{}', -- account -> modseq that was told last
    FOREIGN KEY (organisation_id, recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE
);
CREATE INDEX push_subscription_recipient ON push_subscription (recipient_id);
CREATE INDEX push_subscription_app_password ON push_subscription (app_password_id) WHERE app_password_id IS NOT NULL;

ALTER TABLE push_subscription ENABLE ROW LEVEL SECURITY;
ALTER TABLE push_subscription FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON push_subscription TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON push_subscription TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON push_subscription TO chappe_lookup;
GRANT SELECT, DELETE ON push_subscription TO chappe_app;

-- One row each: the key of the installation, which browsers were told, sealed; and the process that tells, until when.
CREATE TABLE push_key (
    is_only         boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    private_key     text    NOT NULL,
    public_key      bytea   NOT NULL
);
CREATE TABLE push_teller (
    is_only         boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    holder          text    NOT NULL,           -- random
    until_us        bigint  NOT NULL            -- by the database's clock
);
GRANT SELECT, INSERT, UPDATE ON push_key, push_teller TO chappe_lookup;
