-- Weekly tips. What a club chose, what is due and what it had are one value that is read and written as a whole.

CREATE TABLE weekly (
    club INTEGER PRIMARY KEY NOT NULL REFERENCES club (id) ON DELETE CASCADE,
    -- When the worker is to look at it, in milliseconds since 1970 UTC: the date that is due, a little later after a fault, or
    -- the end of the time that a worker was given; null while paused.
    wake_at INTEGER,
    -- Counts writes: who wants to write names the version that it read.
    version INTEGER NOT NULL,
    -- JSON, see src/weekly.rs.
    state TEXT NOT NULL
) STRICT;

CREATE INDEX weekly_wake ON weekly (wake_at) WHERE wake_at IS NOT NULL;

-- The running copies of the program, so that they share Discord's limits.
CREATE TABLE copy (
    id INTEGER PRIMARY KEY NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
