-- Files. The bytes lie elsewhere, under the id. The table has a rowid, since only then nothing of a name stays in the
-- free bytes of its pages when the file goes.
CREATE TABLE file (
    id TEXT PRIMARY KEY,       -- f and 32 random hexadecimal digits
    uploader INTEGER NOT NULL REFERENCES person (id),
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,    -- as announced; from whole on, as they are stored
    type TEXT NOT NULL,        -- as announced; from whole on, as the bytes say
    state TEXT NOT NULL,       -- coming, whole (no message holds it), held (by messages), gone (to be deleted)
    received INTEGER NOT NULL, -- bytes of the upload that are stored
    parts TEXT NOT NULL,       -- what the storage needs to go on with the upload
    width INTEGER,
    height INTEGER,
    duration_ms INTEGER,
    thumbnail TEXT,            -- the type of the thumbnail, if there is one
    created_ms INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX file_waiting ON file (state, touched_ms) WHERE state <> 'held';
CREATE INDEX file_coming ON file (uploader) WHERE state = 'coming';

-- The messages that hold a file: who follows one of these streams may read it.
CREATE TABLE file_of_message (
    file TEXT NOT NULL REFERENCES file (id),
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (file, stream, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_of_message_by_message ON file_of_message (stream, seq);

-- Bytes of all files of a person; of all people under 0.
CREATE TABLE file_room (person INTEGER PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
