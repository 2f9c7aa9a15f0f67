-- Servers of one installation among themselves: how they know each other, and what connectors may carry.

-- What a server proves itself with to the others (XCHAPPE, docs/routing.md). Made when it is first asked for; taken away, a new one
-- is made. Whoever routes mail reads all of them, administrators none.
CREATE TABLE server_key (
    server_id bigint PRIMARY KEY REFERENCES server ON DELETE CASCADE,
    key       bytea  NOT NULL DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
                     CHECK (length(key) = 32)
);
ALTER TABLE server_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE server_key FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON server_key TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY installation ON server_key TO chappe_app USING ((SELECT chappe_tenant()) IS NULL);
GRANT SELECT, INSERT ON server_key TO chappe_lookup;
GRANT SELECT (server_id), DELETE ON server_key TO chappe_app;

-- The copy's receipt in the mailbox where another server's queue had it first (storage/mailbox/filing.h); NULL: made of this row.
ALTER TABLE queue_recipient ADD COLUMN receipt bytea CHECK (length(receipt) = 16);

ALTER TABLE connector
    ADD COLUMN recipients_max integer NOT NULL DEFAULT 0 CHECK (recipients_max >= 0), -- of one transaction; 0: as the other side takes
    ADD COLUMN alarm_per_hour integer NOT NULL DEFAULT 0 CHECK (alarm_per_hour >= 0); -- messages; more are told of, not held; 0: never
