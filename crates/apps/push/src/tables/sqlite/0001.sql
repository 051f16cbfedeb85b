-- The key with which the site shows push services who it is.
CREATE TABLE push_key (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    private BLOB NOT NULL            -- PKCS #8
) STRICT;

-- The browsers that are told of messages. The table has a rowid, since only then nothing of an address stays in the free
-- bytes of its pages when the row goes.
CREATE TABLE push_subscription (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES person (id),
    credential TEXT NOT NULL,        -- the session or token that made it, 16 hexadecimal digits
    endpoint TEXT NOT NULL UNIQUE,   -- the address at the push service
    p256dh BLOB NOT NULL,            -- the public key of the browser
    auth BLOB NOT NULL,              -- the secret that the browser and this site share
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX push_subscription_by_person ON push_subscription (person);

-- How far the log was looked through for messages.
CREATE TABLE push_mark (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    position INTEGER NOT NULL
) STRICT;

-- Subscriptions that are to be told of messages of a conversation.
CREATE TABLE push_due (
    subscription INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,      -- of the messages
    last_seq INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,       -- the time of the first of them
    due_ms INTEGER NOT NULL,         -- when it is sent; while it is being sent, when another node may try
    tries INTEGER NOT NULL,          -- that failed
    PRIMARY KEY (subscription, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX push_due_by_time ON push_due (due_ms);
