-- The ticket that goes on with one that was merged into it.
ALTER TABLE desk_ticket ADD COLUMN merged_into INTEGER;
CREATE INDEX desk_ticket_merged ON desk_ticket (merged_into, conversation) WHERE merged_into IS NOT NULL;
DROP INDEX desk_ticket_asked;
-- A report is read out of this index alone. What was merged counts once: where it goes on.
CREATE INDEX desk_ticket_asked ON desk_ticket
    (house, asked_ms, conversation, owner, team, tags, first_answer_ms, resolved_ms, stars, first_due_ms,
     resolution_due_ms, late) WHERE merged_into IS NULL;

-- Tickets that were split off another one, each with the message from which it goes on.
CREATE TABLE desk_split (
    conversation INTEGER PRIMARY KEY REFERENCES desk_ticket (conversation),
    origin INTEGER NOT NULL REFERENCES desk_ticket (conversation),
    message INTEGER NOT NULL              -- its number in the origin
) STRICT;
CREATE INDEX desk_split_of ON desk_split (origin, conversation);
