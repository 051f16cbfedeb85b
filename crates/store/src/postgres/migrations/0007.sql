-- How far the tables of each owner are. Under the empty name: the version of the store before owners had numbers of their
-- own, up to which their tables are there; 0 for a store that began with this.
CREATE TABLE tables_version (owner TEXT COLLATE "C" PRIMARY KEY, number BIGINT NOT NULL);
