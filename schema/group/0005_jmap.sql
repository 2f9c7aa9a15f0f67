-- What JMAP keeps besides mail.

-- Changes up to here may be forgotten: a folder was removed for good that was deleted under this modseq. A client that knows an
-- older state begins anew.
ALTER TABLE mailbox ADD COLUMN forgotten_modseq bigint NOT NULL DEFAULT 0;
CREATE FUNCTION remember_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mailbox SET forgotten_modseq = greatest(forgotten_modseq, OLD.modseq) WHERE mailbox_id = OLD.mailbox_id;
    RETURN NULL;
END $$;
CREATE TRIGGER folder_forgotten AFTER DELETE ON folder FOR EACH ROW EXECUTE FUNCTION remember_forgotten();

-- Bytes that somebody uploaded to make a message of, or brought in by Blob/upload. Kept for a day.
CREATE TABLE upload (
    upload_id    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    mailbox_id   bigint NOT NULL REFERENCES mailbox ON DELETE CASCADE,    -- the account that it belongs to
    recipient_id bigint NOT NULL,                       -- who brought it: nobody else sees it
    type         text NOT NULL,                         -- media type as the client said
    size         bigint NOT NULL,
    pieces       integer NOT NULL,
    created_us   bigint NOT NULL
);
CREATE INDEX upload_recipient ON upload (recipient_id, created_us);
CREATE INDEX upload_created ON upload (created_us);
CREATE TABLE upload_piece (
    upload_id  bigint NOT NULL REFERENCES upload ON DELETE CASCADE,
    piece      integer NOT NULL,                        -- 0, 1, ...; raw offset = piece * 262144
    data       bytea NOT NULL,
    PRIMARY KEY (upload_id, piece)
);
ALTER TABLE upload_piece ALTER COLUMN data SET STORAGE EXTERNAL;

-- From whom a person writes (RFC 8621, 6). Every address that an account may send as has one from the start; a row here is what
-- was changed about it, or one that the person added.
CREATE TABLE jmap_identity (
    identity_id    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    mailbox_id     bigint NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    email          text NOT NULL,                       -- address key
    name           text NOT NULL,
    reply_to       jsonb,                               -- EmailAddress[]
    bcc            jsonb,
    text_signature text NOT NULL DEFAULT '',
    html_signature text NOT NULL DEFAULT '',
    is_default     boolean NOT NULL,                    -- stands for the address itself: can be changed and not be destroyed
    created_modseq bigint NOT NULL,
    place          integer NOT NULL,                    -- among those made under one modseq; identity_id says nothing about it, see storage/move
    modseq         bigint NOT NULL,
    destroyed      boolean NOT NULL DEFAULT false       -- kept for /changes
);
CREATE UNIQUE INDEX jmap_identity_default ON jmap_identity (mailbox_id, email) WHERE is_default;
CREATE INDEX jmap_identity_created ON jmap_identity (mailbox_id, created_modseq);

-- What was handed over for sending by JMAP (RFC 8621, 7). Written before the message is; `name` is that of the message in the
-- queue and the trace, so whoever looks after a crash finds out whether it went.
CREATE TABLE jmap_submission (
    submission_id  bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    mailbox_id     bigint NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    identity_id    bigint NOT NULL,
    item_id        bigint NOT NULL,
    thread_id      bigint NOT NULL,
    envelope       jsonb NOT NULL,
    name           text NOT NULL,
    send_at_us     bigint NOT NULL,
    status         text NOT NULL CHECK (status IN ('pending', 'final', 'canceled')),
    created_modseq bigint NOT NULL,
    modseq         bigint NOT NULL,
    destroyed      boolean NOT NULL DEFAULT false
);
CREATE INDEX jmap_submission_created ON jmap_submission (mailbox_id, created_modseq);
