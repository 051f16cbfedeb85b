-- When a status ends by itself, so that it leaves the store then.
ALTER TABLE status ADD COLUMN ends_ms INTEGER NOT NULL DEFAULT -1; -- 0: only its person ends it; -1: not read out of its place yet
CREATE INDEX status_by_end ON status (ends_ms) WHERE ends_ms <> 0;
