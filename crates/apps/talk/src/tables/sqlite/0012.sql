-- What has become of polls. The question and the options stay in the log alone, so that erasing them there is enough.
CREATE TABLE poll (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    told INTEGER NOT NULL,           -- position of the newest event with the result
    voters INTEGER NOT NULL,         -- the number of people
    counts TEXT NOT NULL,            -- the votes for each option, divided by blanks
    closed_ms INTEGER,               -- when somebody closed it; NULL: nobody has
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Who has voted for which option.
CREATE TABLE poll_vote (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    person INTEGER NOT NULL REFERENCES person (id),
    choice INTEGER NOT NULL,         -- 0 is the first option
    PRIMARY KEY (conversation, seq, person, choice)
) STRICT, WITHOUT ROWID;
CREATE INDEX poll_vote_choice ON poll_vote (conversation, seq, choice, person);
