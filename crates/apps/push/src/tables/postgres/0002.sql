-- The times at which people are not notified.
CREATE TABLE quiet (
    person BIGINT PRIMARY KEY REFERENCES person (id),
    quiet TEXT NOT NULL        -- hours and the end of a pause, as JSON
);
