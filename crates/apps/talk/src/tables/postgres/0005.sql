-- Whether anything in the conversation was ever amended. Pages of others need not look for amendments.
ALTER TABLE conversation ADD COLUMN amended BIGINT NOT NULL DEFAULT 0;

-- What edits and pins have made of messages. Texts stay in the log alone, so that erasing them there is enough.
CREATE TABLE amended (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,            -- of the message
    position BIGINT NOT NULL,       -- of the message
    edited_position BIGINT,         -- of the newest edit; NULL: never edited
    edits BIGINT NOT NULL,
    pinned_position BIGINT,         -- of the event that pinned it; NULL: not pinned
    pinned_by BIGINT,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX amended_pinned ON amended (conversation, pinned_position) WHERE pinned_position IS NOT NULL;

-- Where the edits of messages are in the log.
CREATE TABLE edit (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,            -- of the message
    number BIGINT NOT NULL,         -- 1, 2, 3 and so on
    position BIGINT NOT NULL,       -- of the event
    key TEXT,                       -- the idempotency key
    PRIMARY KEY (conversation, seq, number)
);

-- The emoji under messages.
CREATE TABLE reacted (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,            -- of the message
    emoji TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,       -- of the event that brought it
    people BIGINT NOT NULL,         -- the number of people
    shown TEXT NOT NULL,            -- the numbers of those that are named, divided by blanks
    PRIMARY KEY (conversation, seq, emoji)
);

-- Who has reacted with them.
CREATE TABLE reaction (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,            -- of the message
    person BIGINT NOT NULL REFERENCES person (id),
    emoji TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (conversation, seq, person, emoji)
);
