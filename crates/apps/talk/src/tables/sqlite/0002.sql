-- Who brought a member in; NULL for whoever came by itself.
ALTER TABLE member ADD COLUMN invited_by INTEGER;

-- Pages of open rooms.
CREATE INDEX conversation_open_title ON conversation (title, id) WHERE open = 1;
