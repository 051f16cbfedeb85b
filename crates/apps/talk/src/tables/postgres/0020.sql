-- The address of the picture of a room.
ALTER TABLE conversation ADD COLUMN picture TEXT;
