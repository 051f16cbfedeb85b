-- Messages that show a preview of their first link, or are to show none.
CREATE TABLE previewed (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    position INTEGER,                -- the event with the preview; NULL: there is none now
    refused INTEGER NOT NULL,        -- 1: somebody has removed it for good
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
