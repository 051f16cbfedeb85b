-- The positions of the events that lost their content with this one, eight bytes each; NULL if there are none.
ALTER TABLE log ADD COLUMN erases BYTEA;
-- The newest event that erased others. What a node keeps in memory is older than that until it has followed the log.
ALTER TABLE space ADD COLUMN erased BIGINT NOT NULL DEFAULT 0;
-- An erased row leaves its content on the page until a vacuum. So the next round of autovacuum takes up even one row.
-- Vacuum skips all pages that have not changed since the last one.
ALTER TABLE log SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0);
