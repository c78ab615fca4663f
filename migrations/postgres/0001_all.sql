-- What clubs chose, their weekly tips, and which topics helped. No table has a column about a member, and none ever gets one.
-- A file of this folder that was released is never changed: the next change is the next file.

CREATE TABLE club (
    -- The number of the Discord server; Discord's numbers stay below 2^63 until the year 2084.
    id BIGINT PRIMARY KEY,
    -- Null: the operator's.
    region TEXT,
    -- Null: the operator's.
    visible TEXT CHECK (visible IN ('me', 'everyone')),
    -- When the bot was found to have left the server, in milliseconds since 1970 UTC; null while it is there.
    left_at BIGINT
);

-- The sweep of clubs that were left long ago reads only those.
CREATE INDEX club_left ON club (left_at) WHERE left_at IS NOT NULL;

CREATE TABLE clinic (
    club BIGINT NOT NULL REFERENCES club (id) ON DELETE CASCADE,
    -- The order in which they are named, from 0.
    place BIGINT NOT NULL CHECK (place >= 0),
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    hours TEXT NOT NULL,
    -- A JSON list of names.
    languages TEXT NOT NULL,
    link TEXT NOT NULL,
    -- A day, 2026-11-21; null: never.
    last_checked TEXT,
    PRIMARY KEY (club, place)
);

CREATE TABLE feedback (
    topic TEXT COLLATE "C" PRIMARY KEY,
    helped BIGINT NOT NULL,
    not_helped BIGINT NOT NULL
);

-- One row that a health check writes to, so that a full disk or a read-only server shows before a club meets it.
CREATE TABLE probe (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    writes BIGINT NOT NULL
);

INSERT INTO probe (id, writes) VALUES (1, 0);

-- What a club chose for its weekly tip, what is due and what it had are one value that is read and written as a whole.
CREATE TABLE weekly (
    club BIGINT PRIMARY KEY REFERENCES club (id) ON DELETE CASCADE,
    -- When the worker is to look at it, in milliseconds since 1970 UTC: the date that is due, a little later after a fault, or
    -- the end of the time that a worker was given; null while paused.
    wake_at BIGINT,
    -- Counts writes: who wants to write names the version that it read.
    version BIGINT NOT NULL,
    -- JSON, see src/weekly.rs.
    state TEXT NOT NULL
);

CREATE INDEX weekly_wake ON weekly (wake_at) WHERE wake_at IS NOT NULL;

-- The running copies of the program, so that they share Discord's limits.
CREATE TABLE copy (
    id BIGINT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
