-- The trace of what came, was refused, waited in the queue and went on: every decision with its reason.
--
-- A row tells several events of one message at once; rows of one message share its id. A storage group's database has a table
-- of the same shape with what was filed there. A day is a partition, and goes as a whole when it is old. Rows of accepted
-- messages are written by the transaction that accepts or settles them.
CREATE TABLE trace (
    at_us           bigint   NOT NULL,             -- when the row was written
    trace_id        text     COLLATE "C" NOT NULL, -- of the message: as in Received, the 250 reply and every log line. Sorts by time
    parent          text     COLLATE "C",          -- the message that led to this one: a redirect, a notice; NULL: none
    organisation_id bigint,                        -- who may see it; NULL: the installation
    is_begin        boolean  NOT NULL,             -- tells how the message came (or was refused): what a search finds
    sender          text     NOT NULL DEFAULT '',  -- envelope, as SMTP writes it; '': <>, or said by the row that begins
    message_id      text,                          -- the field of the header, without its brackets
    login           text,                          -- who submitted it; NULL: nobody logged in
    peer            text,                          -- address that it came from
    terms           bigint[] NOT NULL DEFAULT '{}', -- hashes of what it is found by (storage/trace/term.h)
    events          json     NOT NULL              -- [{"t": microseconds since 1970, "event": "filed", ...}, ...]
) PARTITION BY RANGE (at_us);
CREATE INDEX trace_by_id ON trace (trace_id);
CREATE INDEX trace_by_parent ON trace (parent) WHERE parent IS NOT NULL;
-- New rows go to the end of a short list, which is sorted in when it is full: a delivery does not pay for the order.
CREATE INDEX trace_by_term ON trace USING gin (terms) WITH (fastupdate = on, gin_pending_list_limit = 512);
-- Row-level security lets no index be used for terms before it knows whose a row is: an organisation's own search goes
-- along its own rows.
CREATE INDEX trace_by_organisation ON trace (organisation_id, trace_id);
-- What has no partition of its own (housekeeping did not run for a week) is kept all the same, and moved later.
CREATE TABLE trace_default PARTITION OF trace DEFAULT;
-- Only the table as a whole has policies: nobody gets at a day of it past them.
ALTER TABLE trace_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE trace_default FORCE ROW LEVEL SECURITY;

-- Days are numbers since 1970-01-01, UTC. Makes the partitions of today and the next `ahead` days, and of days whose rows stand in the
-- default one; drops those of more than `keep` days ago. Gives the number dropped. What it cannot lock within two seconds
-- is left for the next turn. For the owner of the tables, whom their wall keeps from the rows as well: it stands open, under a
-- lock, while rows move.
CREATE FUNCTION trace_tend(today integer, ahead integer, keep integer) RETURNS bigint
    LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
    day_us CONSTANT bigint := 86400000000;
    day integer;
    name text;
    dropped bigint := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('chappe trace')) THEN
        RETURN 0; -- somebody else is at it
    END IF;
    FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'trace'::regclass AND c.relname ~ '^trace_[0-9]{8}$'
                   AND to_date(substr(c.relname, 7), 'YYYYMMDD') - DATE '1970-01-01' < today - keep LOOP
        EXECUTE format('DROP TABLE %I', name);
        dropped := dropped + 1;
    END LOOP;
    LOCK TABLE trace_default IN ACCESS EXCLUSIVE MODE;
    ALTER TABLE trace_default NO FORCE ROW LEVEL SECURITY;
    DELETE FROM trace_default WHERE at_us < (today - keep) * day_us;
    FOR day IN SELECT generate_series(today, today + ahead)
               UNION SELECT (at_us / day_us)::integer FROM trace_default ORDER BY 1 LOOP
        name := 'trace_' || to_char(DATE '1970-01-01' + day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE trace INCLUDING ALL)', name);
        EXECUTE format('WITH moved AS (DELETE FROM trace_default WHERE at_us >= %1$s AND at_us < %2$s RETURNING *)'
                       ' INSERT INTO %3$I SELECT * FROM moved', day * day_us, (day + 1) * day_us, name);
        EXECUTE format('ALTER TABLE trace ATTACH PARTITION %3$I FOR VALUES FROM (%1$s) TO (%2$s)',
                       day * day_us, (day + 1) * day_us, name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    ALTER TABLE trace_default FORCE ROW LEVEL SECURITY;
    RETURN dropped;
END $$;
SELECT trace_tend(floor(extract(epoch FROM clock_timestamp()) / 86400)::integer - 1, 8, 36500);
ALTER TABLE trace ENABLE ROW LEVEL SECURITY;
ALTER TABLE trace FORCE ROW LEVEL SECURITY;
CREATE POLICY lookup ON trace TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON trace TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT ON trace TO chappe_lookup, chappe_app;
