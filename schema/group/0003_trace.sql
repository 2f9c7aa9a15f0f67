-- The trace of what was delivered into this storage group: the same table as in the directory database, which has the trace of
-- what went through the queue. Rows of deliveries are written by the delivery's own transaction; that a client
-- fetched a message is added some seconds later.
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
-- What has no partition of its own (housekeeping did not run for a week) is kept all the same, and moved later.
CREATE TABLE trace_default PARTITION OF trace DEFAULT;

-- Days are numbers since 1970-01-01, UTC. Makes the partitions of today and the next `ahead` days, and of days whose rows stand in the
-- default one; drops those of more than `keep` days ago. Gives the number dropped. What it cannot lock within two seconds
-- is left for the next turn.
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
    DELETE FROM trace_default WHERE at_us < (today - keep) * day_us;
    FOR day IN SELECT generate_series(today, today + ahead)
               UNION SELECT (at_us / day_us)::integer FROM trace_default ORDER BY 1 LOOP
        name := 'trace_' || to_char(DATE '1970-01-01' + day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        LOCK TABLE trace_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE %I (LIKE trace INCLUDING ALL)', name);
        EXECUTE format('WITH moved AS (DELETE FROM trace_default WHERE at_us >= %1$s AND at_us < %2$s RETURNING *)'
                       ' INSERT INTO %3$I SELECT * FROM moved', day * day_us, (day + 1) * day_us, name);
        EXECUTE format('ALTER TABLE trace ATTACH PARTITION %3$I FOR VALUES FROM (%1$s) TO (%2$s)',
                       day * day_us, (day + 1) * day_us, name);
    END LOOP;
    RETURN dropped;
END $$;
SELECT trace_tend(floor(extract(epoch FROM clock_timestamp()) / 86400)::integer - 1, 8, 36500);
