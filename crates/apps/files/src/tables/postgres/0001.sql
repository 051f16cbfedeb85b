-- Files. The bytes lie elsewhere, under the id.
CREATE TABLE file (
    id TEXT COLLATE "C" PRIMARY KEY,       -- f and 32 random hexadecimal digits
    uploader BIGINT NOT NULL REFERENCES person (id),
    name TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,    -- as announced; from whole on, as they are stored
    type TEXT COLLATE "C" NOT NULL,        -- as announced; from whole on, as the bytes say
    state TEXT COLLATE "C" NOT NULL,       -- coming, whole (no message holds it), held (by messages), gone (to be deleted)
    received BIGINT NOT NULL, -- bytes of the upload that are stored
    parts TEXT COLLATE "C" NOT NULL,       -- what the storage needs to go on with the upload
    width BIGINT,
    height BIGINT,
    duration_ms BIGINT,
    thumbnail TEXT COLLATE "C",            -- the type of the thumbnail, if there is one
    created_ms BIGINT NOT NULL,
    touched_ms BIGINT NOT NULL
);
CREATE INDEX file_waiting ON file (state, touched_ms) WHERE state <> 'held';
CREATE INDEX file_coming ON file (uploader) WHERE state = 'coming';

-- The messages that hold a file: who follows one of these streams may read it.
CREATE TABLE file_of_message (
    file TEXT COLLATE "C" NOT NULL REFERENCES file (id),
    stream BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (file, stream, seq)
);
CREATE INDEX file_of_message_by_message ON file_of_message (stream, seq);

-- Bytes of all files of a person; of all people under 0.
CREATE TABLE file_room (person BIGINT PRIMARY KEY, bytes BIGINT NOT NULL);
