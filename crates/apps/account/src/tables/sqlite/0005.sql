-- The address of a person's picture; NULL without one.
ALTER TABLE person ADD COLUMN picture TEXT;

-- What people say of themselves. A row never changes its size and is never deleted: it is overwritten (in SQLite nothing
-- else leaves no copies).
CREATE TABLE status (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL UNIQUE REFERENCES person (id),
    place BLOB NOT NULL          -- end, emoji and text; zeros behind them, and alone where there is no status
) STRICT;
