-- Batches: many wishes under one name and one budget, how each became a job, and what people said of the results.

CREATE TABLE batch (
    name          TEXT PRIMARY KEY NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('active', 'paused', 'cancelled')),
    -- The most that its lines may cost together; none while nothing in it costs dollars.
    budget_micros INTEGER CHECK (budget_micros >= 0),
    -- Whether a person named the budget; else it is the price that was agreed to, and grows with the lines.
    budget_is_set INTEGER NOT NULL DEFAULT 0 CHECK (budget_is_set IN (0, 1)),
    concurrency   INTEGER NOT NULL CHECK (concurrency > 0),
    -- Relative paths in its lines begin here.
    working_dir   TEXT NOT NULL,
    -- Why nothing more is begun just now, as a failure.
    hold          TEXT,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE batch_line (
    batch         TEXT NOT NULL REFERENCES batch (name),
    key           TEXT NOT NULL,
    -- The order in which lines are begun.
    place         INTEGER NOT NULL,
    -- Where it stood in the file, counted from 1.
    line          INTEGER NOT NULL,
    service       TEXT NOT NULL,
    -- What was written there, and a digest of it.
    wish          TEXT NOT NULL,
    digest        TEXT NOT NULL,
    -- The model that was chosen; none where the service chooses.
    model         TEXT,
    -- Models that its route must not choose again, as JSON.
    spent_arms    TEXT NOT NULL,
    most_micros   INTEGER,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'begun', 'refused', 'cancelled')),
    -- Grows when it is tried anew: the job of another round is another job.
    round         INTEGER NOT NULL DEFAULT 1 CHECK (round > 0),
    due_at_ms     INTEGER NOT NULL,
    job_id        TEXT REFERENCES job (id),
    note          TEXT,
    failure       TEXT,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (batch, key)
) STRICT;

CREATE INDEX batch_line_waiting ON batch_line (batch, due_at_ms, place) WHERE state = 'waiting';
CREATE INDEX batch_line_job ON batch_line (job_id) WHERE job_id IS NOT NULL;

-- What people and platforms said of a finished clip.
CREATE TABLE rating (
    job_id      TEXT PRIMARY KEY NOT NULL REFERENCES job (id),
    is_kept     INTEGER CHECK (is_kept IN (0, 1)),
    score       REAL,
    views       INTEGER CHECK (views >= 0),
    engagements INTEGER CHECK (engagements >= 0),
    rated_at_ms INTEGER NOT NULL
) STRICT;
