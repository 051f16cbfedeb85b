-- A thread is a conversation that hangs on a message of another one, and each message has one at most.
ALTER TABLE conversation ADD COLUMN parent BIGINT;          -- the conversation of the message; NULL: no thread
ALTER TABLE conversation ADD COLUMN parent_message BIGINT;  -- seq of the message
ALTER TABLE conversation ADD COLUMN answers BIGINT NOT NULL DEFAULT 0;     -- those that are there
ALTER TABLE conversation ADD COLUMN answered_ms BIGINT NOT NULL DEFAULT 0; -- time of the newest one
ALTER TABLE conversation ADD COLUMN answerers TEXT NOT NULL DEFAULT ''; -- the numbers of the first people, divided by blanks
CREATE UNIQUE INDEX conversation_thread ON conversation (parent, parent_message) WHERE parent IS NOT NULL;

-- The members of a thread are those that follow it. All of them are members of its parent.
ALTER TABLE member ADD COLUMN parent BIGINT;                -- the conversation that the thread belongs to; NULL: no thread
CREATE INDEX member_thread ON member (person, parent, conversation) WHERE parent IS NOT NULL;
