-- Whether one of the two people of a direct conversation has blocked the other.
ALTER TABLE conversation ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;

-- People's own settings of conversations. One that left all as it was has no row.
CREATE TABLE choice (
    person INTEGER NOT NULL REFERENCES person (id),
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    notify TEXT NOT NULL,            -- all, mentions, nothing
    muted_until_ms INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    folder TEXT NOT NULL,
    PRIMARY KEY (person, conversation)
) STRICT;
CREATE INDEX choice_pinned ON choice (person, conversation) WHERE pinned = 1;
CREATE INDEX choice_folder ON choice (person, folder) WHERE folder <> '';

-- Messages that were reported, without their content.
CREATE TABLE report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,            -- of the message
    position INTEGER NOT NULL,       -- of the message
    reporter INTEGER NOT NULL REFERENCES person (id),
    for_site INTEGER NOT NULL,       -- it is for the owners of the site
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (conversation, seq, reporter)
) STRICT;
CREATE INDEX report_of_room ON report (conversation, id) WHERE for_site = 0;
CREATE INDEX report_of_site ON report (id) WHERE for_site = 1;
