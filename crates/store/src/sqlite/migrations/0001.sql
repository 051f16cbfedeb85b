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

-- Settings of the site, and of the store itself.
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
