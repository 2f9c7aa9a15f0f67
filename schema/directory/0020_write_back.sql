-- What company directories are told, and how their servers are.

-- ---- servers of a source

-- As the process that synchronises sees them: [{"url", "cost", "state", ...}] (directory/source.h, source_health()).
ALTER TABLE directory_source_state ADD COLUMN servers jsonb NOT NULL DEFAULT '[]';
