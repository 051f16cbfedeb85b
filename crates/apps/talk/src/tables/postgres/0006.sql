-- Messages that mention a person.
CREATE TABLE mention (
    person BIGINT NOT NULL REFERENCES person (id),
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    PRIMARY KEY (person, conversation, seq)
);
CREATE INDEX mention_by_message ON mention (conversation, seq);

-- Messages that mention all members.
CREATE TABLE mention_all (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);
