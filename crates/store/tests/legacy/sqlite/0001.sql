-- The core: the log, in order of arrival and nothing else, so that a commit's rows lie on the same pages.
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    back INTEGER NOT NULL,     -- position of the event before it in the same stream, 0 if first
    at_ms INTEGER NOT NULL,
    author INTEGER,
    kind TEXT NOT NULL,
    idem TEXT,                 -- the sender's idempotency key
    body BLOB NOT NULL
) STRICT;

-- The newest event of each stream, filled in batches; events after state.heads_position are not in it yet.
CREATE TABLE stream_head (stream INTEGER PRIMARY KEY, seq INTEGER NOT NULL, position INTEGER NOT NULL) STRICT;

-- Every 64th event of a stream: from here its older events are walked backwards.
CREATE TABLE stream_mark (
    stream INTEGER NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE follow (
    person INTEGER NOT NULL, stream INTEGER NOT NULL, from_position INTEGER NOT NULL,
    PRIMARY KEY (person, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

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

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Conversations.
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,        -- direct, room
    title TEXT,
    open INTEGER NOT NULL,
    first_person INTEGER,      -- a direct conversation's two people, the lower id first
    second_person INTEGER,
    created_ms INTEGER NOT NULL,
    UNIQUE (first_person, second_person)
) STRICT;
CREATE INDEX conversation_open ON conversation (open) WHERE open = 1;

CREATE TABLE member (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    person INTEGER NOT NULL REFERENCES person (id),
    role TEXT NOT NULL,        -- owner, member
    joined_seq INTEGER NOT NULL,
    joined_ms INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    read INTEGER NOT NULL,
    PRIMARY KEY (conversation, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_person ON member (person, conversation);
