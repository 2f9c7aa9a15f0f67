-- What the console shows over time.

-- ---------------------------------------------------------------- statistics

-- How much of what happened on a server, by steps of five minutes: mail accepted, delivered, sent and refused, logins; and how much
-- waited in the queue at most. Housekeeping adds what the roles counted since it last looked; rows are kept for 31 days. A series
-- has at most 288 rows a day and server, and the names are the program's.
CREATE TABLE statistic (
    at_us  bigint NOT NULL,               -- the beginning of the step, microseconds since 1970
    server text   NOT NULL,               -- the host's name
    name   text   NOT NULL,               -- "received", "queue", ...
    value  bigint NOT NULL CHECK (value >= 0),
    PRIMARY KEY (name, at_us, server)
);
CREATE INDEX statistic_by_time ON statistic (at_us);

GRANT SELECT, INSERT, UPDATE, DELETE ON statistic TO chappe_lookup;
