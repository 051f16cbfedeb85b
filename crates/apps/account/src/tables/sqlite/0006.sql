-- When the last device of a person left, as far as nodes have seen it.
CREATE TABLE last_seen (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    at_ms INTEGER NOT NULL,         -- 0: unknown
    hidden INTEGER NOT NULL         -- 1: the person shows it to nobody, and it is not noted
) STRICT;
