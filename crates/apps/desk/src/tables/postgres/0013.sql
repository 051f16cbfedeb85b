-- Where mails to a desk come in.
CREATE TABLE desk_mailbox (
    house BIGINT PRIMARY KEY REFERENCES desk (house),
    address TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,            -- signs the names of the desk's own mails
    token BYTEA,                      -- SHA-256 of the token of programs that hand mails in; NULL: none
    made_ms BIGINT NOT NULL         -- when the token was made
);

-- The visitors that came by mail, by address.
CREATE TABLE desk_mail_sender (
    person BIGINT NOT NULL REFERENCES person (id),
    house BIGINT NOT NULL REFERENCES desk (house),
    address TEXT COLLATE "C" NOT NULL,           -- in small letters
    PRIMARY KEY (house, address)
);
CREATE INDEX desk_mail_sender_by_person ON desk_mail_sender (person);

-- The mails that have come, so that each is taken once. No text of them is kept here.
CREATE TABLE desk_mail_in (
    house BIGINT NOT NULL,
    digest BYTEA NOT NULL,            -- SHA-256 of the Message-ID, or of the whole mail
    name TEXT COLLATE "C",                       -- the Message-ID, for answers; NULL: there is none, or its sender was erased
    person BIGINT,                  -- the sender; NULL: none was made
    conversation BIGINT,            -- the ticket that it is in; NULL: in none
    subject BYTEA,                    -- SHA-256 of the subject
    asks BIGINT NOT NULL,            -- 1: its ticket was made of it
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (house, digest)
);
CREATE INDEX desk_mail_in_by_ticket ON desk_mail_in (conversation, at_ms) WHERE conversation IS NOT NULL;
CREATE INDEX desk_mail_in_by_sender ON desk_mail_in (person, at_ms) WHERE person IS NOT NULL;
CREATE INDEX desk_mail_in_by_desk ON desk_mail_in (house, at_ms);
CREATE INDEX desk_mail_in_by_time ON desk_mail_in (at_ms);
