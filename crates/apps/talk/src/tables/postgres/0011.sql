-- Messages that people have hidden from themselves.
CREATE TABLE hidden (
    person BIGINT NOT NULL REFERENCES person (id),
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    PRIMARY KEY (person, conversation, seq)
);
