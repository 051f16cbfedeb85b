-- What the tickets asked on a day add up to. A change of one of them deletes the row.
CREATE TABLE desk_day (
    house BIGINT NOT NULL REFERENCES desk (house),
    day BIGINT NOT NULL,                  -- days since 1970, by UTC
    token BIGINT NOT NULL,                -- of the node that sums it up
    begun_ms BIGINT NOT NULL,
    allowed_ms BIGINT NOT NULL,           -- what the desk allowed to the first answer then
    sums TEXT,                            -- JSON; empty: too much to keep; NULL: it is being summed up
    PRIMARY KEY (house, day)
);
