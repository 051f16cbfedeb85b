-- Messages that are to be sent later. A row goes in the write that sends its message.
CREATE TABLE scheduled (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,            -- s and 16 random hexadecimal digits
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    text INTEGER NOT NULL REFERENCES kept_text (id),
    reply_to INTEGER,                   -- the seq of the message that it answers
    send_at_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    failed_ms INTEGER,                  -- when it could not be sent; NULL: it waits
    failed_code TEXT,
    failed_message TEXT
) STRICT;
CREATE INDEX scheduled_due ON scheduled (send_at_ms) WHERE failed_ms IS NULL;
CREATE INDEX scheduled_of_person ON scheduled (person, send_at_ms, number);

-- Reminders, until they are dismissed.
CREATE TABLE reminder (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,            -- n and 16 random hexadecimal digits
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER REFERENCES conversation (id),
    seq INTEGER,                        -- of the message
    note INTEGER REFERENCES kept_text (id),
    at_ms INTEGER NOT NULL,
    due_ms INTEGER                      -- when its person was told; NULL: it waits
) STRICT;
CREATE INDEX reminder_due ON reminder (at_ms) WHERE due_ms IS NULL;
CREATE INDEX reminder_of_person ON reminder (person, at_ms, number);
