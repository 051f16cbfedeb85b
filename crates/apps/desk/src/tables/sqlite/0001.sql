-- Desks. A desk has the number of its house: the room of its staff.
CREATE TABLE desk (
    house INTEGER PRIMARY KEY REFERENCES conversation (id),
    public_key TEXT NOT NULL UNIQUE,      -- 16 random characters, for the pages that show it
    name TEXT NOT NULL,
    settings TEXT NOT NULL,               -- JSON
    created_ms INTEGER NOT NULL
) STRICT;

-- What staff chose for itself at a desk. Who is staff the room says.
CREATE TABLE desk_agent (
    house INTEGER NOT NULL REFERENCES desk (house),
    person INTEGER NOT NULL REFERENCES person (id),
    availability TEXT NOT NULL,           -- online, away, invisible
    capacity INTEGER,                     -- open tickets that it is given; NULL: as the desk says
    skills TEXT NOT NULL,                 -- JSON
    given_ms INTEGER NOT NULL,            -- when it was given a ticket last; 0: never
    PRIMARY KEY (house, person)
) STRICT, WITHOUT ROWID;

-- Visitors, each of one desk.
CREATE TABLE visitor (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    house INTEGER NOT NULL REFERENCES desk (house),
    language TEXT NOT NULL,
    facts TEXT NOT NULL,                  -- JSON: the page that it is on, its trail, what the site says of it
    seen_ms INTEGER NOT NULL              -- when it opened a page last
) STRICT;
CREATE INDEX visitor_here ON visitor (house, seen_ms, person);

-- Questions, each a conversation.
CREATE TABLE desk_ticket (
    conversation INTEGER PRIMARY KEY REFERENCES conversation (id),
    house INTEGER NOT NULL REFERENCES desk (house),
    visitor INTEGER NOT NULL REFERENCES person (id),
    state TEXT NOT NULL,                  -- open, snoozed, resolved
    speaker TEXT NOT NULL,                -- bot, person, nobody
    owner INTEGER,                        -- the agent; NULL: it is in the queue
    team TEXT,
    lowness INTEGER NOT NULL,             -- 3 less the priority, so that the queue is one ascending order
    tags TEXT NOT NULL,                   -- JSON
    asked_ms INTEGER NOT NULL,
    waiting INTEGER NOT NULL,             -- 1: the visitor waits for an answer
    since_ms INTEGER NOT NULL,            -- since when it waits, or does not
    owned_ms INTEGER NOT NULL,            -- when the owner got it; 0: nobody has it
    passed_by INTEGER,                    -- who gave it back or did not answer: it is not given that agent again
    first_answer_ms INTEGER,
    resolved_ms INTEGER,
    snoozed_until_ms INTEGER,
    stars INTEGER,
    comment TEXT,
    form TEXT NOT NULL,                   -- JSON: what the visitor put into the form
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX desk_ticket_queue ON desk_ticket (house, lowness, since_ms, conversation) WHERE state = 'open' AND owner IS NULL;
CREATE INDEX desk_ticket_all ON desk_ticket (house, state, changed_ms, conversation);
CREATE INDEX desk_ticket_unowned ON desk_ticket (house, state, changed_ms, conversation) WHERE owner IS NULL;
CREATE INDEX desk_ticket_owned ON desk_ticket (house, owner, state, changed_ms, conversation) WHERE owner IS NOT NULL;
CREATE INDEX desk_ticket_of_visitor ON desk_ticket (visitor, conversation);
CREATE INDEX desk_ticket_unanswered ON desk_ticket (since_ms, conversation) WHERE state = 'open' AND waiting = 1 AND owner IS NOT NULL;
CREATE INDEX desk_ticket_snoozed ON desk_ticket (snoozed_until_ms) WHERE state = 'snoozed';
