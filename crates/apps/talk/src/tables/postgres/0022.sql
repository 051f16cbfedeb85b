-- Messages that were forwarded out of a ticket, wherever they went from there: they go with its visitor.
CREATE TABLE ticket_copy (
    position BIGINT PRIMARY KEY, -- of the copy
    conversation BIGINT NOT NULL, -- where the copy is
    ticket BIGINT NOT NULL REFERENCES conversation (id)
);
CREATE INDEX ticket_copy_of ON ticket_copy (ticket, position);
