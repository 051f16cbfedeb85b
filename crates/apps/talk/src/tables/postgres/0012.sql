-- What has become of polls. The question and the options stay in the log alone, so that erasing them there is enough.
CREATE TABLE poll (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,            -- of the message
    told BIGINT NOT NULL,           -- position of the newest event with the result
    voters BIGINT NOT NULL,         -- the number of people
    counts TEXT NOT NULL,            -- the votes for each option, divided by blanks
    closed_ms BIGINT,               -- when somebody closed it; NULL: nobody has
    PRIMARY KEY (conversation, seq)
);

-- Who has voted for which option.
CREATE TABLE poll_vote (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,            -- of the message
    person BIGINT NOT NULL REFERENCES person (id),
    choice BIGINT NOT NULL,         -- 0 is the first option
    PRIMARY KEY (conversation, seq, person, choice)
);
CREATE INDEX poll_vote_choice ON poll_vote (conversation, seq, choice, person);
