-- When a token ends; NULL if only somebody ends it.
ALTER TABLE token ADD COLUMN expires_ms INTEGER;
