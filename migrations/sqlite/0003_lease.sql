-- What one running copy of the program holds for a while, so that no other does the same: parts of the shards, the turn to log in.
CREATE TABLE lease (
    name TEXT PRIMARY KEY NOT NULL,
    -- The copy, by the number that it drew at its start.
    holder INTEGER NOT NULL,
    -- In milliseconds since 1970 UTC.
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
