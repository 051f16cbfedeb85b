-- Streams to which some followers, or all, can't append for following alone. Person 0 stands for all.
CREATE TABLE reserved (
    stream INTEGER NOT NULL, person INTEGER NOT NULL,
    PRIMARY KEY (stream, person)
) STRICT, WITHOUT ROWID;
