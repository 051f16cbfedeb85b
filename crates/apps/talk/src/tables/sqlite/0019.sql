-- A ticket is a conversation of a visitor with the staff of a desk. Its house is the room of that staff.
ALTER TABLE conversation ADD COLUMN house INTEGER;

-- Staff that takes part in a ticket has a row with the house as `parent`, so that it leaves with the room.
ALTER TABLE member ADD COLUMN is_ticket INTEGER NOT NULL DEFAULT 0;
