-- How many say that an article helped, and that it did not, by the language in which they read it.
CREATE TABLE desk_helped (
    article INTEGER NOT NULL REFERENCES desk_article (number),
    language TEXT NOT NULL,
    helped INTEGER NOT NULL,
    not_helped INTEGER NOT NULL,
    PRIMARY KEY (article, language)
) STRICT;

-- Who has said so on a day, so that nobody counts twice; for two days.
CREATE TABLE desk_helped_by (
    article INTEGER NOT NULL REFERENCES desk_article (number),
    language TEXT NOT NULL,
    day INTEGER NOT NULL,                  -- days since 1970, by UTC
    voter INTEGER NOT NULL,                -- a hash of an address and the day
    house INTEGER NOT NULL,
    helped INTEGER NOT NULL,
    PRIMARY KEY (article, language, day, voter)
) STRICT;
CREATE INDEX desk_helped_by_day ON desk_helped_by (house, day);
CREATE INDEX desk_helped_by_old ON desk_helped_by (day);
