-- What the tickets asked on a day add up to. A change of one of them deletes the row.
-- It has a rowid, since only then nothing of a tag stays in the free bytes of its pages when the row goes.
CREATE TABLE desk_day (
    house INTEGER NOT NULL REFERENCES desk (house),
    day INTEGER NOT NULL,                  -- days since 1970, by UTC
    token INTEGER NOT NULL,                -- of the node that sums it up
    begun_ms INTEGER NOT NULL,
    allowed_ms INTEGER NOT NULL,           -- what the desk allowed to the first answer then
    sums TEXT,                            -- JSON; empty: too much to keep; NULL: it is being summed up
    PRIMARY KEY (house, day)
) STRICT;
