-- What one running copy of the program holds for a while, so that no other does the same: parts of the shards, the turn to log in.
CREATE TABLE lease (
    name TEXT COLLATE "C" PRIMARY KEY,
    -- The copy, by the number that it drew at its start.
    holder BIGINT NOT NULL,
    -- In milliseconds since 1970 UTC.
    until BIGINT NOT NULL
);
