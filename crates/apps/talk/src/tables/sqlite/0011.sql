-- Messages that people have hidden from themselves.
CREATE TABLE hidden (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (person, conversation, seq)
) STRICT, WITHOUT ROWID;
