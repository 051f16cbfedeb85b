-- The key that messages between nodes are sealed with, made by the node that opens the space first.
ALTER TABLE space ADD COLUMN bus_key BYTEA;
