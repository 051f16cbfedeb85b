-- Invitations that wait for an answer.
CREATE TABLE invitation (
    person BIGINT NOT NULL REFERENCES person (id),
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    inviter BIGINT NOT NULL REFERENCES person (id),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (person, conversation)
);
