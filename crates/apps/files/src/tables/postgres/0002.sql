-- The stream whose followers may read the files of a message; NULL: those of the message's own stream.
ALTER TABLE file_of_message ADD COLUMN readers BIGINT;
