-- Looking for people, requests that are not done twice, and jobs.

-- ---------------------------------------------------------------- names as people look for them

-- Small letters without accents: "Éloïse Müller" is found by "eloise mu" and sorts among the e. What normalisation does not take
-- apart is spelled out.
CREATE FUNCTION chappe_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
        SELECT replace(replace(replace(replace(lower(
                   regexp_replace(normalize($1, NFKD), '[' || chr(768) || '-' || chr(879) || ']', '', 'g')
                   COLLATE "und-x-icu"), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), 'ø', 'o')
    $$;

ALTER TABLE recipient
    ADD COLUMN sort_name text COLLATE "C" GENERATED ALWAYS AS (chappe_fold(name)) STORED; -- lists by name, and search in it
-- pages of lists: each begins behind the last key of the page before
CREATE INDEX recipient_by_name ON recipient (organisation_id, sort_name, recipient_id);
CREATE INDEX recipient_by_name_of_all ON recipient (sort_name, recipient_id);
CREATE INDEX recipient_by_created ON recipient (organisation_id, created_us, recipient_id);

-- ---------------------------------------------------------------- keys against doing twice

-- What a POST with an Idempotency-Key was answered, for a day.
CREATE TABLE idempotency (
    caller      text     NOT NULL, -- login of who asked, or the name of the local user
    key         text     NOT NULL, -- as it was sent
    request     bytea    NOT NULL, -- SHA-256 of method, path and body: another request with this key is refused
    created_us  bigint   NOT NULL,
    status      smallint,          -- NULL: it has not ended, or the server ended before it
    answer      text,              -- its JSON; NULL: there was none, or it held a secret, which is not kept
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_us);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO chappe_lookup;

-- ---------------------------------------------------------------- jobs

-- Work on many objects, done by the role housekeeping in its caller's name, item by item.
CREATE TABLE job (
    job_id          bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id bigint  REFERENCES organisation ON DELETE CASCADE, -- whose objects these are; NULL: of several
    kind            text    NOT NULL CHECK (kind IN ('import', 'bulk')),
    title           text    NOT NULL,  -- for people: "disable", "import of users"
    state           text    NOT NULL DEFAULT 'waiting'
                            CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    is_dry_run      boolean NOT NULL,
    caller          text    NOT NULL,  -- in whose name: his login
    caller_id       bigint,            -- his recipient id: what he may is looked up anew for each turn; NULL: the machine's own root
    permissions     bigint  NOT NULL,  -- of the token that he came with
    peer            text,
    total           bigint  NOT NULL,
    done            bigint  NOT NULL DEFAULT 0,
    failed          bigint  NOT NULL DEFAULT 0,
    created_us      bigint  NOT NULL,
    started_us      bigint,
    ended_us        bigint,
    worker          text,                       -- the server that works on it
    lease_us        bigint  NOT NULL DEFAULT 0, -- and nobody else until then
    fault           text                        -- why it failed as a whole
);
CREATE INDEX job_open ON job (job_id) WHERE state IN ('waiting', 'running');
CREATE INDEX job_by_organisation ON job (organisation_id, job_id);

CREATE TABLE job_item (
    job_id     bigint   NOT NULL REFERENCES job ON DELETE CASCADE,
    position   integer  NOT NULL,             -- from 0, as it was sent
    object     text     NOT NULL,             -- the address it is about
    input      text,                          -- JSON: what is to be done, sealed; NULL once it was
    state      smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3), -- waiting, begun, done, failed
    kind       text,                          -- of the fault
    message    text,                          -- of the fault, for people
    PRIMARY KEY (job_id, position)
);
CREATE INDEX job_item_open ON job_item (job_id, position) WHERE state < 2;

ALTER TABLE job ENABLE ROW LEVEL SECURITY;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
CREATE POLICY runs ON job TO chappe_lookup USING (true) WITH CHECK (true);
CREATE POLICY tenant ON job TO chappe_app USING (organisation_id = (SELECT chappe_tenant()))
    WITH CHECK (organisation_id = (SELECT chappe_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON job, job_item TO chappe_lookup;
GRANT SELECT ON job TO chappe_app;
