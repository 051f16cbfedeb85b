-- The subject of a room, and whether only its owners and moderators write.
ALTER TABLE conversation ADD COLUMN topic TEXT;
ALTER TABLE conversation ADD COLUMN announcement BIGINT NOT NULL DEFAULT 0;
CREATE INDEX member_moderator ON member (conversation, joined_seq, person) WHERE role = 'moderator';

-- Until when a member may only read. The table stays when it leaves, the column is for those who look at members.
ALTER TABLE member ADD COLUMN muted_until_ms BIGINT;
CREATE TABLE mute (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    person BIGINT NOT NULL REFERENCES person (id),
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (conversation, person)
);

-- People that don't get into a room any more.
CREATE TABLE ban (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    person BIGINT NOT NULL REFERENCES person (id),
    banned_by BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (conversation, person)
);

-- What owners and moderators did in a room.
CREATE TABLE audit (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    number BIGINT NOT NULL,         -- 1, 2, 3 and so on
    at_ms BIGINT NOT NULL,
    done_by BIGINT NOT NULL,
    deed TEXT NOT NULL,
    person BIGINT,                  -- to whom
    role TEXT,                       -- that the person got
    until_ms BIGINT,                -- when its mute ends
    message BIGINT,                 -- seq of the message
    PRIMARY KEY (conversation, number)
);
