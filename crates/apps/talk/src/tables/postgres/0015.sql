-- Messages that show a preview of their first link, or are to show none.
CREATE TABLE previewed (
    conversation BIGINT NOT NULL REFERENCES conversation (id),
    seq BIGINT NOT NULL,
    position BIGINT,                -- the event with the preview; NULL: there is none now
    refused BIGINT NOT NULL,        -- 1: somebody has removed it for good
    PRIMARY KEY (conversation, seq)
);
