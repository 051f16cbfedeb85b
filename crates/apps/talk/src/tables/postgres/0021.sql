-- Staff that looks at a ticket without taking part: it follows its events until this time.
CREATE TABLE onlooker (
    person BIGINT NOT NULL REFERENCES person (id),
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    house BIGINT NOT NULL,               -- the room of the desk's staff
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (person, conversation)
);
CREATE INDEX onlooker_over ON onlooker (until_ms);
