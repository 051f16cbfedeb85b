-- The addresses of people. The table has a rowid, since only then nothing of an address stays in the free bytes of its
-- pages when the row goes.
CREATE TABLE digest_person (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    address TEXT NOT NULL,
    secret BLOB NOT NULL,            -- signs the links in mails to this address
    confirmed INTEGER NOT NULL,
    every_ms INTEGER NOT NULL,       -- how long a message may stay unread; 0: nothing is told
    language TEXT NOT NULL,
    asked_ms INTEGER NOT NULL,       -- when the person gave the address
    since_ms INTEGER NOT NULL,       -- nothing older is told
    due_ms INTEGER,                  -- when a mail is due; while it is sent, when another node may; NULL: none
    tries INTEGER NOT NULL           -- that failed
) STRICT;
CREATE INDEX digest_person_by_time ON digest_person (due_ms) WHERE due_ms IS NOT NULL;

-- What people may have missed.
CREATE TABLE digest_waiting (
    person INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (person, conversation)
) STRICT, WITHOUT ROWID;

-- The requests to confirm an address of the last day.
CREATE TABLE digest_asked (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL,
    address TEXT NOT NULL,           -- SHA-256 in hexadecimal digits
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX digest_asked_by_person ON digest_asked (person);
CREATE INDEX digest_asked_by_address ON digest_asked (address);

-- How far the log was looked through for messages.
CREATE TABLE digest_mark (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    position INTEGER NOT NULL
) STRICT;
