-- Classic pages: whom a name stands for that a page claims, where names are believed or guests bring their own.
CREATE TABLE classic_name (
    name TEXT COLLATE "C" PRIMARY KEY, person BIGINT NOT NULL REFERENCES person (id)
);
CREATE INDEX classic_name_by_person ON classic_name (person);

-- The name that a guest entered a classic room with, as it was written.
CREATE TABLE classic_guest (
    person BIGINT PRIMARY KEY REFERENCES person (id), name TEXT COLLATE "C" NOT NULL
);

-- Everything up to here was confirmed by, or delivered to, the person's classic pages: of a conversation's stream, or,
-- under the person's own stream, of all its direct conversations.
CREATE TABLE classic_mark (
    person BIGINT NOT NULL REFERENCES person (id), stream BIGINT NOT NULL, position BIGINT NOT NULL,
    PRIMARY KEY (person, stream)
);

-- What was confirmed or delivered beyond the mark.
CREATE TABLE classic_taken (
    person BIGINT NOT NULL, stream BIGINT NOT NULL, position BIGINT NOT NULL,
    PRIMARY KEY (person, stream, position)
);

-- Numbers: the room, and where the numbers of the boards begin (with the log's epoch in which that holds).
CREATE TABLE classic_state (name TEXT COLLATE "C" PRIMARY KEY, value BIGINT NOT NULL);
