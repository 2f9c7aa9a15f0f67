-- What JMAP and its search keep besides.

-- Since when nobody knows whether the message was taken: its name stands in the row before it is handed over, and whoever handed it
-- over died, or got no answer. NULL: it is known. Housekeeping looks into the queue and the trace.
ALTER TABLE jmap_submission ADD COLUMN asked_us bigint;
CREATE INDEX jmap_submission_asked ON jmap_submission (asked_us) WHERE asked_us IS NOT NULL;
