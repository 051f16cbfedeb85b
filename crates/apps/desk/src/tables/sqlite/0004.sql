-- Rules: what a desk does by itself.
CREATE TABLE desk_rule (
    number INTEGER PRIMARY KEY,
    house INTEGER NOT NULL REFERENCES desk (house),
    place INTEGER NOT NULL,               -- rules are carried out in this order
    enabled INTEGER NOT NULL,
    happening TEXT NOT NULL,              -- what it waits for
    after_ms INTEGER NOT NULL,            -- for a wait: how long
    body TEXT NOT NULL                    -- JSON: its name, its conditions, what it does
) STRICT;
CREATE INDEX desk_rule_of ON desk_rule (house, place, number);
CREATE INDEX desk_rule_for ON desk_rule (happening, house) WHERE enabled = 1;

-- What has happened and no rule has looked at yet. It is noted in the write that it happens in, and deleted in the write
-- that does what the rules say.
CREATE TABLE desk_happening (
    number INTEGER PRIMARY KEY,
    ticket INTEGER NOT NULL,
    happening TEXT NOT NULL,
    position INTEGER NOT NULL             -- where the log was: the message, if it was one
) STRICT;

-- What rules did. A rule has one row for one happening, so it runs once.
CREATE TABLE desk_rule_run (
    number INTEGER PRIMARY KEY,
    rule INTEGER NOT NULL,
    ticket INTEGER NOT NULL,
    cause INTEGER NOT NULL,               -- the position of what happened, or since when the visitor waits
    ran INTEGER NOT NULL,                 -- 0: its conditions did not hold
    did TEXT NOT NULL,                    -- JSON: each act and what became of it
    at_ms INTEGER NOT NULL,
    UNIQUE (rule, ticket, cause)
) STRICT;
CREATE INDEX desk_rule_run_of ON desk_rule_run (rule, number);
CREATE INDEX desk_rule_run_on ON desk_rule_run (ticket, number);
CREATE INDEX desk_rule_run_old ON desk_rule_run (at_ms);

-- Who speaks for a desk where a rule answers.
CREATE TABLE desk_voice (
    house INTEGER PRIMARY KEY REFERENCES desk (house),
    person INTEGER NOT NULL REFERENCES person (id)
) STRICT;

-- Macros: several acts with one key.
CREATE TABLE desk_macro (
    number INTEGER PRIMARY KEY,
    house INTEGER NOT NULL REFERENCES desk (house),
    person INTEGER NOT NULL,              -- whose it is; 0: the desk's
    body TEXT NOT NULL                    -- JSON: its name and its acts
) STRICT;
CREATE INDEX desk_macro_of ON desk_macro (house, person, number);

-- Macros that ran lately, by their requests, so that a request that comes again does nothing again.
CREATE TABLE desk_macro_run (
    person INTEGER NOT NULL REFERENCES person (id),
    request TEXT NOT NULL,
    macro INTEGER NOT NULL,
    ticket INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (person, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_macro_run_old ON desk_macro_run (at_ms);

-- The times that a desk promises.
CREATE TABLE desk_promise (
    house INTEGER PRIMARY KEY REFERENCES desk (house),
    times TEXT NOT NULL                   -- JSON, by priority
) STRICT;
ALTER TABLE desk_ticket ADD COLUMN first_due_ms INTEGER;
ALTER TABLE desk_ticket ADD COLUMN answer_due_ms INTEGER;
ALTER TABLE desk_ticket ADD COLUMN resolution_due_ms INTEGER;
ALTER TABLE desk_ticket ADD COLUMN late INTEGER NOT NULL DEFAULT 0; -- 1: the first answer, 2: a later one, 4: the resolution
ALTER TABLE desk_ticket ADD COLUMN watched_ms INTEGER;              -- when the next of them is too late
CREATE INDEX desk_ticket_watched ON desk_ticket (watched_ms, conversation) WHERE watched_ms IS NOT NULL;
CREATE INDEX desk_ticket_waits ON desk_ticket (house, since_ms, conversation) WHERE state = 'open' AND waiting = 1;
DROP INDEX desk_ticket_asked;
-- A report is read out of this index alone.
CREATE INDEX desk_ticket_asked ON desk_ticket
    (house, asked_ms, conversation, owner, team, tags, first_answer_ms, resolved_ms, stars, first_due_ms,
     resolution_due_ms, late);
