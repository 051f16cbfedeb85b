-- The core: one row that every commit locks, so that positions are given out in the order of commits; and the log.
CREATE TABLE space (
    id INT PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    incarnation TEXT NOT NULL,  -- of which database this is the history; another one means that some may be lost
    position BIGINT NOT NULL,   -- the newest event
    change BIGINT NOT NULL,     -- the newest row of `change`
    at_ms BIGINT NOT NULL,      -- when the newest event was appended
    trimmed BIGINT NOT NULL
);

CREATE TABLE log (
    position BIGINT PRIMARY KEY,
    stream BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    back BIGINT NOT NULL,       -- position of the event before it in the same stream, 0 if first
    at_ms BIGINT NOT NULL,
    author BIGINT,
    kind TEXT NOT NULL,
    idem TEXT,                  -- the sender's idempotency key
    body BYTEA NOT NULL,
    mark BIGINT NOT NULL,       -- a random number of the commit
    UNIQUE (stream, seq)
);
CREATE INDEX log_idem ON log (idem, author) WHERE idem IS NOT NULL;

-- What commits brought beside events, for nodes that follow: stands right before the event at its position.
CREATE TABLE change (
    number BIGINT PRIMARY KEY,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,         -- subscribe, unsubscribe, revoke
    person BIGINT NOT NULL,
    stream BIGINT,              -- followed, or no longer
    credential BIGINT           -- revoked; all of the person's if NULL
);

CREATE TABLE follow (
    person BIGINT NOT NULL, stream BIGINT NOT NULL, from_position BIGINT NOT NULL,
    PRIMARY KEY (person, stream)
);

CREATE TABLE channel (number BIGINT PRIMARY KEY, name TEXT COLLATE "C" NOT NULL UNIQUE);

-- Settings of the site, and of the store itself.
CREATE TABLE setting (name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
