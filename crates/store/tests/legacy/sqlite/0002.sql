-- Classic pages: whom a name stands for that a page claims, where names are believed or guests bring their own.
CREATE TABLE classic_name (
    name TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES person (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX classic_name_by_person ON classic_name (person);

-- The name that a guest entered a classic room with, as it was written.
CREATE TABLE classic_guest (person INTEGER PRIMARY KEY REFERENCES person (id), name TEXT NOT NULL) STRICT;

-- Everything up to here was confirmed by, or delivered to, the person's classic pages: of a conversation's stream, or,
-- under the person's own stream, of all its direct conversations.
CREATE TABLE classic_mark (
    person INTEGER NOT NULL REFERENCES person (id), stream INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (person, stream)
) STRICT, WITHOUT ROWID;

-- What was confirmed or delivered beyond the mark.
CREATE TABLE classic_taken (
    person INTEGER NOT NULL, stream INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (person, stream, position)
) STRICT, WITHOUT ROWID;

-- Numbers: the room, and where the numbers of the boards begin (with the log's epoch in which that holds).
CREATE TABLE classic_state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
