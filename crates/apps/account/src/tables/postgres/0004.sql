-- People who want nothing of others.
CREATE TABLE block (
    person BIGINT NOT NULL REFERENCES person (id),
    blocked BIGINT NOT NULL REFERENCES person (id),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (person, blocked)
);
