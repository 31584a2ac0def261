-- Jobs, the requests made for them, what happened to them, and the sessions they work in.
-- Times are milliseconds since the Unix epoch, given by the caller. JSON is TEXT.
-- Forward only: a shipped file is never edited; the next change is the next number, here and for every
-- other database.

-- Marks the file as a ledger ("fcut"), so that another program's database is never mistaken for one.
PRAGMA application_id = 1717794164;

CREATE TABLE job (
    id               TEXT PRIMARY KEY NOT NULL,
    parent_id        TEXT REFERENCES job (id),
    kind             TEXT NOT NULL,
    service          TEXT NOT NULL,
    session_id       TEXT,
    state            TEXT NOT NULL CHECK (state IN
        ('queued', 'submitting', 'running', 'ready', 'delivering',
         'done', 'needs_approval', 'uncertain', 'failed', 'cancelled')),
    request          TEXT NOT NULL,
    work             TEXT NOT NULL,
    dedupe_key       TEXT NOT NULL UNIQUE,
    attempts         INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    failure          TEXT,
    note             TEXT,
    progress_pct     REAL CHECK (progress_pct BETWEEN 0 AND 100),
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    created_at_ms    INTEGER NOT NULL,
    updated_at_ms    INTEGER NOT NULL,
    due_at_ms        INTEGER,
    lease_owner      TEXT,
    lease_until_ms   INTEGER,
    fence            INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0),
    CHECK ((lease_owner IS NULL) = (lease_until_ms IS NULL)),
    -- A job at rest is nobody's.
    CHECK (state NOT IN ('done', 'needs_approval', 'uncertain', 'failed', 'cancelled')
           OR (due_at_ms IS NULL AND lease_owner IS NULL))
) STRICT;

CREATE INDEX job_due ON job (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX job_active ON job (created_at_ms, id)
    WHERE state NOT IN ('done', 'needs_approval', 'uncertain', 'failed', 'cancelled');
CREATE INDEX job_created ON job (created_at_ms, id);
CREATE INDEX job_parent ON job (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX job_session ON job (service, session_id, created_at_ms) WHERE session_id IS NOT NULL;

-- One row for each unrepeatable request that was ever begun, written before the request leaves.
CREATE TABLE attempt (
    job_id        TEXT NOT NULL REFERENCES job (id),
    n             INTEGER NOT NULL CHECK (n > 0),
    state         TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected', 'not_sent', 'unknown')),
    remote_id     TEXT,
    detail        TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER,
    PRIMARY KEY (job_id, n),
    CHECK ((state = 'open') = (ended_at_ms IS NULL))
) STRICT;

-- What happened to a job, in order, written together with the change itself.
CREATE TABLE event (
    seq        INTEGER PRIMARY KEY NOT NULL,
    job_id     TEXT NOT NULL REFERENCES job (id),
    at_ms      INTEGER NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    who        TEXT NOT NULL,
    detail     TEXT
) STRICT;

CREATE INDEX event_job ON event (job_id, seq);

CREATE TABLE session (
    service         TEXT NOT NULL,
    session_id      TEXT NOT NULL,
    task_id         TEXT,
    user_id         TEXT,
    language        TEXT,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL,
    lost_at_ms      INTEGER,
    note            TEXT,
    has_uploads     INTEGER NOT NULL DEFAULT 0 CHECK (has_uploads IN (0, 1)),
    PRIMARY KEY (service, session_id)
) STRICT;

CREATE INDEX session_used ON session (service, last_used_at_ms);

-- One number that grows with every change worth waking up for, so that a waiter reads one page.
CREATE TABLE revision (
    id    INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;

INSERT INTO revision (id, value) VALUES (1, 0);
