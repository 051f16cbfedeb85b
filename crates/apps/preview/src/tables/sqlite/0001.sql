-- Pages that were fetched, or are being fetched. The table has a rowid, since only then nothing of a text stays in the free
-- bytes of its pages when the row goes.
CREATE TABLE preview_page (
    id INTEGER PRIMARY KEY,
    address TEXT UNIQUE,             -- SHA-256 of the address in hexadecimal digits; NULL: too old to be shown anew
    state INTEGER NOT NULL,          -- 0: is being fetched, 1: can be shown, 2: gave nothing
    at_ms INTEGER NOT NULL,          -- when it was fetched; while it is, when another node may try
    title TEXT,
    description TEXT,
    site TEXT,
    picture BLOB,
    picture_type TEXT,
    picture_width INTEGER,
    picture_height INTEGER
) STRICT;
CREATE INDEX preview_page_by_time ON preview_page (state, at_ms);

-- The messages that show them.
CREATE TABLE preview_held (
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    page INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX preview_held_by_page ON preview_held (page);

-- How far the log was looked through for links.
CREATE TABLE preview_mark (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    position INTEGER NOT NULL
) STRICT;

-- Messages that have to be looked after.
CREATE TABLE preview_due (
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,       -- when its text came
    noted INTEGER NOT NULL,          -- position of the newest event that asks for it
    due_ms INTEGER NOT NULL,         -- when a node looks; while one does, when another node may
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX preview_due_by_time ON preview_due (due_ms);
