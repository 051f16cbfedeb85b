-- Whether anything in the conversation was ever amended. Pages of others need not look for amendments.
ALTER TABLE conversation ADD COLUMN amended INTEGER NOT NULL DEFAULT 0;

-- What edits and pins have made of messages. Texts stay in the log alone, so that erasing them there is enough.
CREATE TABLE amended (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    position INTEGER NOT NULL,       -- of the message
    edited_position INTEGER,         -- of the newest edit; NULL: never edited
    edits INTEGER NOT NULL,
    pinned_position INTEGER,         -- of the event that pinned it; NULL: not pinned
    pinned_by INTEGER,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX amended_pinned ON amended (conversation, pinned_position) WHERE pinned_position IS NOT NULL;

-- Where the edits of messages are in the log.
CREATE TABLE edit (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    number INTEGER NOT NULL,         -- 1, 2, 3 and so on
    position INTEGER NOT NULL,       -- of the event
    key TEXT,                        -- the idempotency key
    PRIMARY KEY (conversation, seq, number)
) STRICT, WITHOUT ROWID;

-- The emoji under messages.
CREATE TABLE reacted (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    emoji TEXT NOT NULL,
    position INTEGER NOT NULL,       -- of the event that brought it
    people INTEGER NOT NULL,         -- the number of people
    shown TEXT NOT NULL,             -- the numbers of those that are named, divided by blanks
    PRIMARY KEY (conversation, seq, emoji)
) STRICT, WITHOUT ROWID;

-- Who has reacted with them.
CREATE TABLE reaction (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    person INTEGER NOT NULL REFERENCES person (id),
    emoji TEXT NOT NULL,
    PRIMARY KEY (conversation, seq, person, emoji)
) STRICT, WITHOUT ROWID;
