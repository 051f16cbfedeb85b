-- Links with which people join a room.
CREATE TABLE link (
    hash BYTEA PRIMARY KEY,           -- of the secret
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    id TEXT NOT NULL,                -- the name in the room
    made_by BIGINT NOT NULL REFERENCES person (id),
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    uses BIGINT NOT NULL,           -- people whom it lets in
    used BIGINT NOT NULL,           -- people whom it has let in
    guests BIGINT NOT NULL
);
CREATE INDEX link_by_room ON link (conversation, id);
