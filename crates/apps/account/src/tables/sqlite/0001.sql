-- People.
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    name TEXT UNIQUE,          -- folded to lower case; guests and bots have none
    shown_name TEXT,           -- as it was written
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,        -- owner, member, guest, bot
    password TEXT,
    created_ms INTEGER NOT NULL,
    disabled_ms INTEGER
) STRICT;

CREATE TABLE session (
    hash BLOB PRIMARY KEY, person INTEGER NOT NULL REFERENCES person (id),
    created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_person ON session (person);

CREATE TABLE token (
    hash BLOB PRIMARY KEY, person INTEGER NOT NULL REFERENCES person (id),
    label TEXT NOT NULL, created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_person ON token (person);
