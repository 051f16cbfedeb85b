-- The subject of a room, and whether only its owners and moderators write.
ALTER TABLE conversation ADD COLUMN topic TEXT;
ALTER TABLE conversation ADD COLUMN announcement INTEGER NOT NULL DEFAULT 0;
CREATE INDEX member_moderator ON member (conversation, joined_seq, person) WHERE role = 'moderator';

-- Until when a member may only read. The table stays when it leaves, the column is for those who look at members.
ALTER TABLE member ADD COLUMN muted_until_ms INTEGER;
CREATE TABLE mute (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    person INTEGER NOT NULL REFERENCES person (id),
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (conversation, person)
) STRICT, WITHOUT ROWID;

-- People that don't get into a room any more.
CREATE TABLE ban (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    person INTEGER NOT NULL REFERENCES person (id),
    banned_by INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (conversation, person)
) STRICT, WITHOUT ROWID;

-- What owners and moderators did in a room.
CREATE TABLE audit (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    number INTEGER NOT NULL,         -- 1, 2, 3 and so on
    at_ms INTEGER NOT NULL,
    done_by INTEGER NOT NULL,
    deed TEXT NOT NULL,
    person INTEGER,                  -- to whom
    role TEXT,                       -- that the person got
    until_ms INTEGER,                -- when its mute ends
    message INTEGER,                 -- seq of the message
    PRIMARY KEY (conversation, number)
) STRICT, WITHOUT ROWID;
