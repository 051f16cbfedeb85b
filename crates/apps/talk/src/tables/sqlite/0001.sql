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
