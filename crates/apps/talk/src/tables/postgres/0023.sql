-- Messages that grow, or have grown, while a program writes them. What is said in them stands in the log alone.
CREATE TABLE growing (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    position BIGINT NOT NULL,       -- of the message
    person BIGINT NOT NULL REFERENCES person (id), -- the author
    state BIGINT NOT NULL,          -- 0 growing, 1 done, 2 stopped, 3 broken
    pieces BIGINT NOT NULL,
    bytes BIGINT NOT NULL,          -- of the text so far
    live TEXT NOT NULL,              -- positions of the events that together are the text so far, the oldest first
    silence_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,        -- it grows no longer than to this time
    due_ms BIGINT NOT NULL,         -- it is broken off at this time unless a piece comes
    stop_by BIGINT,                 -- the person who has asked to stop
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX growing_due ON growing (due_ms) WHERE state = 0;
CREATE INDEX growing_of ON growing (person, conversation) WHERE state = 0;
