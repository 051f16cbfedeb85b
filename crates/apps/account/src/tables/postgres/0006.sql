-- When the last device of a person left, as far as nodes have seen it.
CREATE TABLE last_seen (
    person BIGINT PRIMARY KEY REFERENCES person (id),
    at_ms BIGINT NOT NULL,         -- 0: unknown
    hidden BIGINT NOT NULL         -- 1: the person shows it to nobody, and it is not noted
);
