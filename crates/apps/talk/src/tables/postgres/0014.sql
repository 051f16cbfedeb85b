-- The site's own emoji. The picture comes last, so that lists need not read it.
CREATE TABLE site_emoji (
    name TEXT COLLATE "C" PRIMARY KEY,
    version TEXT NOT NULL,           -- of the picture, a part of its address
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    type TEXT NOT NULL,
    put_by BIGINT NOT NULL,
    put_ms BIGINT NOT NULL,
    picture BYTEA NOT NULL
);
