-- Invitations that wait for an answer.
CREATE TABLE invitation (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    inviter INTEGER NOT NULL REFERENCES person (id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (person, conversation)
) STRICT, WITHOUT ROWID;
