-- Messages that people have starred. No text is copied, so erasing it in the log is enough.
CREATE TABLE star (
    person INTEGER NOT NULL REFERENCES person (id),
    starred_position INTEGER NOT NULL,  -- of the event that tells of it
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,               -- of the message
    position INTEGER NOT NULL,          -- of the message
    starred_ms INTEGER NOT NULL,
    PRIMARY KEY (person, starred_position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX star_of_message ON star (person, conversation, seq);

-- Places for texts. A row never changes its size and is never deleted: it is overwritten. Rows that move leave copies in
-- the free bytes of pages, which secure_delete does not overwrite.
CREATE TABLE kept_text (
    id INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,              -- bytes of the place
    used INTEGER NOT NULL,              -- 0: free, and all zeros
    bytes BLOB NOT NULL                 -- the length, four bytes; the text in UTF-8; zeros
) STRICT;
CREATE INDEX kept_text_free ON kept_text (size) WHERE used = 0;

-- What people have begun to write.
CREATE TABLE draft (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    text INTEGER NOT NULL REFERENCES kept_text (id),
    reply_to INTEGER,                   -- the seq of the message that it answers
    saved_ms INTEGER NOT NULL,
    PRIMARY KEY (person, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_by_age ON draft (person, saved_ms, conversation);
