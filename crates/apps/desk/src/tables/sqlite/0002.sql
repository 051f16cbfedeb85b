-- Texts that agents answer with, again and again.
CREATE TABLE desk_canned (
    number INTEGER PRIMARY KEY,
    house INTEGER NOT NULL REFERENCES desk (house),
    person INTEGER NOT NULL,              -- whose it is; 0: the desk's or a team's
    team TEXT NOT NULL,                   -- the team's whose it is; empty: the desk's or a person's
    shortcut TEXT NOT NULL,               -- what is typed for it
    answer TEXT NOT NULL,
    UNIQUE (house, person, team, shortcut)
) STRICT;

-- Articles that help before somebody asks.
CREATE TABLE desk_article (
    number INTEGER PRIMARY KEY,
    house INTEGER NOT NULL REFERENCES desk (house),
    published INTEGER NOT NULL,
    title_en TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    body_en TEXT NOT NULL,                -- Markdown
    body_zh TEXT NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX desk_article_of ON desk_article (house, number);

-- A visitor that may not write any more.
ALTER TABLE visitor ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
CREATE INDEX visitor_idle ON visitor (seen_ms, person);
