-- What clubs chose, and which topics helped. No table has a column about a member, and none ever gets one.
-- A file of this folder that was released is never changed: the next change is the next file.

CREATE TABLE club (
    -- The number of the Discord server; Discord's numbers stay below 2^63 until the year 2084.
    id INTEGER PRIMARY KEY NOT NULL,
    -- Null: the operator's.
    region TEXT,
    -- Null: the operator's.
    visible TEXT CHECK (visible IN ('me', 'everyone')),
    -- When the bot was found to have left the server, in milliseconds since 1970 UTC; null while it is there.
    left_at INTEGER
) STRICT;

-- The sweep of clubs that were left long ago reads only those.
CREATE INDEX club_left ON club (left_at) WHERE left_at IS NOT NULL;

CREATE TABLE clinic (
    club INTEGER NOT NULL REFERENCES club (id) ON DELETE CASCADE,
    -- The order in which they are named, from 0.
    place INTEGER NOT NULL CHECK (place >= 0),
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    hours TEXT NOT NULL,
    -- A JSON list of names.
    languages TEXT NOT NULL,
    link TEXT NOT NULL,
    -- A day, 2026-11-21; null: never.
    last_checked TEXT,
    PRIMARY KEY (club, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback (
    topic TEXT PRIMARY KEY NOT NULL,
    helped INTEGER NOT NULL,
    not_helped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row that a health check writes to, so that a full disk or a read-only file shows before a club meets it.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    writes INTEGER NOT NULL
) STRICT;

INSERT INTO probe (id, writes) VALUES (1, 0);
