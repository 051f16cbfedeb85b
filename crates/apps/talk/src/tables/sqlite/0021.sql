-- Staff that looks at a ticket without taking part: it follows its events until this time.
CREATE TABLE onlooker (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    house INTEGER NOT NULL,               -- the room of the desk's staff
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (person, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX onlooker_over ON onlooker (until_ms);
