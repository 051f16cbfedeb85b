-- The site's own emoji. The picture comes last, so that lists need not read it.
CREATE TABLE site_emoji (
    name TEXT PRIMARY KEY,
    version TEXT NOT NULL,           -- of the picture, a part of its address
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    type TEXT NOT NULL,
    put_by INTEGER NOT NULL,
    put_ms INTEGER NOT NULL,
    picture BLOB NOT NULL
) STRICT;
