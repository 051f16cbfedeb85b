-- Who brought a member in; NULL for whoever came by itself.
ALTER TABLE member ADD COLUMN invited_by BIGINT;

-- Invitations that wait for an answer.
CREATE TABLE invitation (
    person BIGINT NOT NULL REFERENCES person (id),
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    inviter BIGINT NOT NULL REFERENCES person (id),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (person, conversation)
);

-- Pages of open rooms.
CREATE INDEX conversation_open_title ON conversation (title, id) WHERE open = 1;
