-- Where mails to a desk come in.
CREATE TABLE desk_mailbox (
    house INTEGER PRIMARY KEY REFERENCES desk (house),
    address TEXT NOT NULL,
    secret BLOB NOT NULL,            -- signs the names of the desk's own mails
    token BLOB,                      -- SHA-256 of the token of programs that hand mails in; NULL: none
    made_ms INTEGER NOT NULL         -- when the token was made
) STRICT;

-- The visitors that came by mail, by address. The table has a rowid, since only then nothing of an address stays in the free
-- bytes of its pages when the row goes.
CREATE TABLE desk_mail_sender (
    person INTEGER NOT NULL REFERENCES person (id),
    house INTEGER NOT NULL REFERENCES desk (house),
    address TEXT NOT NULL,           -- in small letters
    PRIMARY KEY (house, address)
) STRICT;
CREATE INDEX desk_mail_sender_by_person ON desk_mail_sender (person);

-- The mails that have come, so that each is taken once. No text of them is kept here.
CREATE TABLE desk_mail_in (
    house INTEGER NOT NULL,
    digest BLOB NOT NULL,            -- SHA-256 of the Message-ID, or of the whole mail
    name TEXT,                       -- the Message-ID, for answers; NULL: there is none, or its sender was erased
    person INTEGER,                  -- the sender; NULL: none was made
    conversation INTEGER,            -- the ticket that it is in; NULL: in none
    subject BLOB,                    -- SHA-256 of the subject
    asks INTEGER NOT NULL,            -- 1: its ticket was made of it
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (house, digest)
) STRICT;
CREATE INDEX desk_mail_in_by_ticket ON desk_mail_in (conversation, at_ms) WHERE conversation IS NOT NULL;
CREATE INDEX desk_mail_in_by_sender ON desk_mail_in (person, at_ms) WHERE person IS NOT NULL;
CREATE INDEX desk_mail_in_by_desk ON desk_mail_in (house, at_ms);
CREATE INDEX desk_mail_in_by_time ON desk_mail_in (at_ms);
