-- Links with which people join a room.
CREATE TABLE link (
    hash BLOB PRIMARY KEY,           -- of the secret
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    id TEXT NOT NULL,                -- the name in the room
    made_by INTEGER NOT NULL REFERENCES person (id),
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    uses INTEGER NOT NULL,           -- people whom it lets in
    used INTEGER NOT NULL,           -- people whom it has let in
    guests INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_room ON link (conversation, id);
