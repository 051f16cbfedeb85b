-- What the staff has noted of a visitor as a person.
CREATE TABLE desk_contact (
    person INTEGER PRIMARY KEY REFERENCES visitor (person),
    mail TEXT NOT NULL,
    phone TEXT NOT NULL,
    address TEXT NOT NULL,
    company TEXT NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;

-- Notes of the staff about a visitor.
CREATE TABLE desk_contact_note (
    number INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES visitor (person),
    writer INTEGER NOT NULL,
    note TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX desk_contact_note_of ON desk_contact_note (person, number);

-- Visitors that were erased. The row stays, so that it shows that somebody was there.
CREATE TABLE desk_erasure (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    house INTEGER NOT NULL REFERENCES desk (house),
    by_person INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    is_done INTEGER NOT NULL              -- 0: messages are still to be erased
) STRICT;
CREATE INDEX desk_erasure_to_do ON desk_erasure (person) WHERE is_done = 0;

-- Visitors that turned out to be another one. Their messages name them, so the row stays.
CREATE TABLE desk_merged (
    person INTEGER PRIMARY KEY REFERENCES visitor (person),
    into_person INTEGER NOT NULL REFERENCES visitor (person)
) STRICT;
CREATE INDEX desk_merged_into ON desk_merged (into_person, person);

-- The secrets with which a site signs who its visitors are.
CREATE TABLE desk_site_secret (
    house INTEGER NOT NULL REFERENCES desk (house),
    number INTEGER NOT NULL,              -- counts up; the greatest is the newest
    secret TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (house, number)
) STRICT, WITHOUT ROWID;

-- Which visitor is whom at the site.
CREATE TABLE desk_verified (
    house INTEGER NOT NULL REFERENCES desk (house),
    subject TEXT NOT NULL,                -- the site's own id of the person
    person INTEGER NOT NULL UNIQUE REFERENCES visitor (person),
    verified_ms INTEGER NOT NULL,
    PRIMARY KEY (house, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE desk_team (
    number INTEGER PRIMARY KEY,
    house INTEGER NOT NULL REFERENCES desk (house),
    name TEXT NOT NULL,
    UNIQUE (house, name)
) STRICT;
CREATE TABLE desk_team_member (
    team INTEGER NOT NULL REFERENCES desk_team (number),
    person INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (team, person)
) STRICT, WITHOUT ROWID;

-- Staff that may only read.
CREATE TABLE desk_reader (
    house INTEGER NOT NULL REFERENCES desk (house),
    person INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (house, person)
) STRICT, WITHOUT ROWID;

-- Choices of tickets by name.
CREATE TABLE desk_saved_view (
    number INTEGER PRIMARY KEY,
    house INTEGER NOT NULL REFERENCES desk (house),
    person INTEGER NOT NULL,              -- whose it is; 0: the desk's
    name TEXT NOT NULL,
    choice TEXT NOT NULL,                 -- JSON
    UNIQUE (house, person, name)
) STRICT;

-- Who was mentioned in which note.
CREATE TABLE desk_mention (
    person INTEGER NOT NULL REFERENCES person (id),
    house INTEGER NOT NULL REFERENCES desk (house),
    ticket INTEGER NOT NULL REFERENCES desk_ticket (conversation),
    seq INTEGER NOT NULL,                 -- of the note
    at_ms INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (person, ticket, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_mention_list ON desk_mention (house, person, at_ms, ticket);
CREATE INDEX desk_mention_unseen ON desk_mention (house, person) WHERE seen = 0;
