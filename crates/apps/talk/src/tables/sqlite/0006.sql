-- Messages that mention a person.
CREATE TABLE mention (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_by_message ON mention (conversation, seq);

-- Messages that mention all members.
CREATE TABLE mention_all (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
