-- Desks. A desk has the number of its house: the room of its staff.
CREATE TABLE desk (
    house BIGINT PRIMARY KEY REFERENCES conversation (id),
    public_key TEXT COLLATE "C" NOT NULL UNIQUE, -- 16 random characters, for the pages that show it
    name TEXT COLLATE "C" NOT NULL,
    settings TEXT COLLATE "C" NOT NULL,   -- JSON
    created_ms BIGINT NOT NULL
);

-- What staff chose for itself at a desk. Who is staff the room says.
CREATE TABLE desk_agent (
    house BIGINT NOT NULL REFERENCES desk (house),
    person BIGINT NOT NULL REFERENCES person (id),
    availability TEXT COLLATE "C" NOT NULL, -- online, away, invisible
    capacity BIGINT,                      -- open tickets that it is given; NULL: as the desk says
    skills TEXT COLLATE "C" NOT NULL,     -- JSON
    given_ms BIGINT NOT NULL,             -- when it was given a ticket last; 0: never
    PRIMARY KEY (house, person)
);

-- Visitors, each of one desk.
CREATE TABLE visitor (
    person BIGINT PRIMARY KEY REFERENCES person (id),
    house BIGINT NOT NULL REFERENCES desk (house),
    language TEXT COLLATE "C" NOT NULL,
    facts TEXT COLLATE "C" NOT NULL,      -- JSON: the page that it is on, its trail, what the site says of it
    seen_ms BIGINT NOT NULL               -- when it opened a page last
);
CREATE INDEX visitor_here ON visitor (house, seen_ms, person);

-- Questions, each a conversation.
CREATE TABLE desk_ticket (
    conversation BIGINT PRIMARY KEY REFERENCES conversation (id),
    house BIGINT NOT NULL REFERENCES desk (house),
    visitor BIGINT NOT NULL REFERENCES person (id),
    state TEXT COLLATE "C" NOT NULL,      -- open, snoozed, resolved
    speaker TEXT COLLATE "C" NOT NULL,    -- bot, person, nobody
    owner BIGINT,                         -- the agent; NULL: it is in the queue
    team TEXT COLLATE "C",
    lowness BIGINT NOT NULL,              -- 3 less the priority, so that the queue is one ascending order
    tags TEXT COLLATE "C" NOT NULL,       -- JSON
    asked_ms BIGINT NOT NULL,
    waiting BIGINT NOT NULL,              -- 1: the visitor waits for an answer
    since_ms BIGINT NOT NULL,             -- since when it waits, or does not
    owned_ms BIGINT NOT NULL,             -- when the owner got it; 0: nobody has it
    passed_by BIGINT,                     -- who gave it back or did not answer: it is not given that agent again
    first_answer_ms BIGINT,
    resolved_ms BIGINT,
    snoozed_until_ms BIGINT,
    stars BIGINT,
    comment TEXT COLLATE "C",
    form TEXT COLLATE "C" NOT NULL,       -- JSON: what the visitor put into the form
    changed_ms BIGINT NOT NULL
);
CREATE INDEX desk_ticket_queue ON desk_ticket (house, lowness, since_ms, conversation) WHERE state = 'open' AND owner IS NULL;
CREATE INDEX desk_ticket_all ON desk_ticket (house, state, changed_ms, conversation);
CREATE INDEX desk_ticket_unowned ON desk_ticket (house, state, changed_ms, conversation) WHERE owner IS NULL;
CREATE INDEX desk_ticket_owned ON desk_ticket (house, owner, state, changed_ms, conversation) WHERE owner IS NOT NULL;
CREATE INDEX desk_ticket_of_visitor ON desk_ticket (visitor, conversation);
CREATE INDEX desk_ticket_unanswered ON desk_ticket (since_ms, conversation) WHERE state = 'open' AND waiting = 1 AND owner IS NOT NULL;
CREATE INDEX desk_ticket_snoozed ON desk_ticket (snoozed_until_ms) WHERE state = 'snoozed';
