-- Streams to which some followers, or all, can't append for following alone. Person 0 stands for all.
CREATE TABLE reserved (
    stream BIGINT NOT NULL, person BIGINT NOT NULL,
    PRIMARY KEY (stream, person)
);
