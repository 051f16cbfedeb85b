-- Who brought a member in; NULL for whoever came by itself.
ALTER TABLE member ADD COLUMN invited_by INTEGER;

-- Invitations that wait for an answer.
CREATE TABLE invitation (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    inviter INTEGER NOT NULL REFERENCES person (id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (person, conversation)
) STRICT, WITHOUT ROWID;

-- Pages of open rooms.
CREATE INDEX conversation_open_title ON conversation (title, id) WHERE open = 1;
