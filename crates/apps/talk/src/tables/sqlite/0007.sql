-- The index of words. It is a copy of what the log holds, so it does not move to another engine.
CREATE TABLE index_message (
    position INTEGER PRIMARY KEY,  -- of the message
    conversation INTEGER NOT NULL,
    words TEXT NOT NULL            -- words and marks, each once, divided by spaces
) STRICT;
CREATE TABLE index_mark (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    position INTEGER NOT NULL      -- the index has everything up to here
) STRICT;
INSERT INTO index_mark VALUES (0, 0);

CREATE VIRTUAL TABLE index_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, tokenize = "ascii tokenchars '~'"
);
-- What is forgotten leaves the pages of the index, too.
INSERT INTO index_words (index_words, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER index_message_put AFTER INSERT ON index_message BEGIN
    INSERT INTO index_words (rowid, words) VALUES (new.position, new.words);
END;
CREATE TRIGGER index_message_forgotten AFTER DELETE ON index_message BEGIN
    INSERT INTO index_words (index_words, rowid, words) VALUES ('delete', old.position, old.words);
END;
