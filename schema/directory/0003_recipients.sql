-- Recipients beyond mailboxes and aliases: what they stand for, who may write to them.
--
-- recipient_target (0001) holds for every kind where its mail goes on to: the targets of an alias, the members of a group,
-- the one address of a contact, and the redirect of a recipient with a mailbox.

ALTER TABLE recipient
    ADD COLUMN keeps_copy        boolean NOT NULL DEFAULT true, -- of a redirect: its own mailbox gets the mail, too
    ADD COLUMN accepts           text    NOT NULL DEFAULT 'anyone'
        CHECK (accepts IN ('anyone', 'authenticated', 'organisation', 'members', 'named')),
    ADD COLUMN max_message_bytes bigint  NOT NULL DEFAULT 0 CHECK (max_message_bytes >= 0), -- 0: as the server takes
    ADD COLUMN is_hidden         boolean NOT NULL DEFAULT false; -- not in address lists, and absent for who may not write

-- For all recipients of the organisation, beside their own.
ALTER TABLE organisation
    ADD COLUMN accepts           text   NOT NULL DEFAULT 'anyone'
        CHECK (accepts IN ('anyone', 'authenticated', 'organisation')),
    ADD COLUMN max_message_bytes bigint NOT NULL DEFAULT 0 CHECK (max_message_bytes >= 0);

-- What the server writes to them in (directory/preference.h), and how long what they send may be taken back.
ALTER TABLE recipient
    ADD COLUMN language text    NOT NULL DEFAULT '' CHECK (language IN ('', 'auto', 'fr', 'en')), -- '': the organisation's
    ADD COLUMN undo_s   integer NOT NULL DEFAULT -1 CHECK (undo_s BETWEEN -1 AND 3600);           -- -1: the organisation's
ALTER TABLE organisation
    ADD COLUMN language text    NOT NULL DEFAULT '' CHECK (language IN ('', 'auto', 'fr', 'en')), -- '': auto
    ADD COLUMN undo_s   integer NOT NULL DEFAULT -1 CHECK (undo_s BETWEEN -1 AND 3600);           -- -1: the server's

-- Gets what no address of the domain takes.
ALTER TABLE domain
    ADD COLUMN catch_all_id bigint,
    ADD FOREIGN KEY (organisation_id, catch_all_id) REFERENCES recipient (organisation_id, recipient_id);
CREATE INDEX domain_by_catch_all ON domain (catch_all_id) WHERE catch_all_id IS NOT NULL;

CREATE INDEX recipient_target_by_address ON recipient_target (lower(target_address)) WHERE target_address IS NOT NULL;

-- Senders by name: who may write where accepts = 'named' (or beside 'organisation' and 'authenticated'), and who never may.
CREATE TABLE recipient_sender (
    recipient_id        bigint  NOT NULL,
    organisation_id     bigint  NOT NULL,
    is_allowed          boolean NOT NULL,
    sender              text    NOT NULL, -- for people: an address key, or '@' and a domain
    sender_recipient_id bigint,           -- where it is a recipient here; a group stands for its members
    PRIMARY KEY (recipient_id, is_allowed, sender),
    FOREIGN KEY (organisation_id, recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, sender_recipient_id) REFERENCES recipient (organisation_id, recipient_id)
        ON DELETE CASCADE
);
CREATE INDEX recipient_sender_by_sender ON recipient_sender (sender_recipient_id) WHERE sender_recipient_id IS NOT NULL;

ALTER TABLE recipient_sender ENABLE ROW LEVEL SECURITY;
ALTER TABLE recipient_sender FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON recipient_sender FOR SELECT TO chappe_lookup USING (true);
CREATE POLICY tenant ON recipient_sender TO chappe_app
    USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON recipient_sender TO chappe_app;
GRANT SELECT ON recipient_sender TO chappe_lookup;

CREATE TRIGGER raise_stamp AFTER INSERT OR UPDATE OR DELETE ON recipient_sender
    FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_stamp();
