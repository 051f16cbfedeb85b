-- The times at which people are not notified.
CREATE TABLE quiet (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    quiet TEXT NOT NULL        -- hours and the end of a pause, as JSON
) STRICT;
