-- The index of words. It is a copy of what the log holds, so it does not move from another engine.
CREATE TABLE index_message (
    position BIGINT PRIMARY KEY,   -- of the message
    conversation BIGINT NOT NULL,
    words TSVECTOR NOT NULL        -- words and marks, without places
);
CREATE INDEX index_message_words ON index_message USING gin (words);
CREATE TABLE index_mark (
    id BIGINT PRIMARY KEY CHECK (id = 0),
    position BIGINT NOT NULL       -- the index has everything up to here
);
INSERT INTO index_mark VALUES (0, 0);
