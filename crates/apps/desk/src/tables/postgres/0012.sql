-- How many say that an article helped, and that it did not, by the language in which they read it.
CREATE TABLE desk_helped (
    article BIGINT NOT NULL REFERENCES desk_article (number),
    language TEXT NOT NULL,
    helped BIGINT NOT NULL,
    not_helped BIGINT NOT NULL,
    PRIMARY KEY (article, language)
);

-- Who has said so on a day, so that nobody counts twice; for two days.
CREATE TABLE desk_helped_by (
    article BIGINT NOT NULL REFERENCES desk_article (number),
    language TEXT NOT NULL,
    day BIGINT NOT NULL,                  -- days since 1970, by UTC
    voter BIGINT NOT NULL,                -- a hash of an address and the day
    house BIGINT NOT NULL,
    helped BIGINT NOT NULL,
    PRIMARY KEY (article, language, day, voter)
);
CREATE INDEX desk_helped_by_day ON desk_helped_by (house, day);
CREATE INDEX desk_helped_by_old ON desk_helped_by (day);
