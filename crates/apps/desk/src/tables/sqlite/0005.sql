-- The addresses that visitors left. The table has a rowid, since only then nothing of an address stays in the free bytes of
-- its pages when the row goes.
CREATE TABLE desk_mail_address (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    house INTEGER NOT NULL REFERENCES desk (house),
    address TEXT NOT NULL,
    secret BLOB NOT NULL,            -- signs the links in mails to this address
    confirmed INTEGER NOT NULL,
    asked_ms INTEGER NOT NULL,       -- when the visitor left it
    due_ms INTEGER,                  -- when the request to confirm is due; while it is sent, when another node may; NULL: none
    tries INTEGER NOT NULL           -- that failed
) STRICT;
CREATE INDEX desk_mail_address_by_time ON desk_mail_address (due_ms) WHERE due_ms IS NOT NULL;

-- What is to be mailed about tickets, and what became of it.
CREATE TABLE desk_mail (
    conversation INTEGER PRIMARY KEY REFERENCES conversation (id),
    visitor INTEGER NOT NULL REFERENCES person (id),
    first_seq INTEGER NOT NULL,      -- the first message that was not mailed
    last_seq INTEGER NOT NULL,       -- the newest answer; below the first: none waits
    whole INTEGER NOT NULL,          -- 1: the visitor asks for the whole conversation
    due_ms INTEGER,                  -- when a mail is due; while it is sent, when another node may; NULL: none
    tries INTEGER NOT NULL,          -- that failed
    sent_ms INTEGER,                 -- when the last mail was sent
    failed TEXT,                     -- why the last one was given up
    number INTEGER NOT NULL          -- mails that were sent
) STRICT;
CREATE INDEX desk_mail_by_time ON desk_mail (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX desk_mail_of_visitor ON desk_mail (visitor);

-- The mails of the last day that visitors asked for.
CREATE TABLE desk_mail_asked (
    id INTEGER PRIMARY KEY,
    house INTEGER NOT NULL,
    visitor INTEGER NOT NULL,
    address TEXT NOT NULL,           -- SHA-256 in hexadecimal digits
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX desk_mail_asked_by_visitor ON desk_mail_asked (visitor);
CREATE INDEX desk_mail_asked_by_address ON desk_mail_asked (address);
CREATE INDEX desk_mail_asked_by_desk ON desk_mail_asked (house);
CREATE INDEX desk_mail_asked_by_time ON desk_mail_asked (at_ms);
