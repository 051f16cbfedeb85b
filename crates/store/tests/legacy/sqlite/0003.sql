-- What names look like, so that no guest passes for somebody else. Of everybody but guests.
ALTER TABLE person ADD COLUMN skeleton TEXT; -- of the name to sign in with, '' without one; NULL: not worked out yet
CREATE INDEX person_by_skeleton ON person (skeleton) WHERE name IS NOT NULL;
CREATE INDEX person_without_skeleton ON person (id) WHERE skeleton IS NULL AND role <> 'guest';
CREATE TABLE look (
    skeleton TEXT NOT NULL, person INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (skeleton, person)
) STRICT, WITHOUT ROWID;
