-- Messages that were forwarded out of a ticket, wherever they went from there: they go with its visitor.
CREATE TABLE ticket_copy (
    position INTEGER PRIMARY KEY, -- of the copy
    conversation INTEGER NOT NULL, -- where the copy is
    ticket INTEGER NOT NULL REFERENCES conversation (id)
) STRICT;
CREATE INDEX ticket_copy_of ON ticket_copy (ticket, position);
