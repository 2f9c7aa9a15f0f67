-- Who but its owner opened a mailbox.

-- The opener's address on that day; '': the owner himself, who logged in. With an opener `logins` counts visits.
ALTER TABLE login_seen ADD COLUMN opener text NOT NULL DEFAULT '';
ALTER TABLE login_seen DROP CONSTRAINT login_seen_pkey;
ALTER TABLE login_seen ADD PRIMARY KEY (recipient_id, day_us, protocol, peer, app_password, opener);
