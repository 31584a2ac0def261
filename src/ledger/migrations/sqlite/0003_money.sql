-- Dollars: what is set aside for a job before its request leaves, and what it came to. Amounts are millionths
-- of a dollar, so that sums are exact.

CREATE TABLE charge (
    job_id          TEXT PRIMARY KEY NOT NULL REFERENCES job (id),
    service         TEXT NOT NULL,
    batch           TEXT,
    model           TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'freed')),
    -- The most that the service may take: its own cap for the call.
    reserved_micros INTEGER NOT NULL CHECK (reserved_micros >= 0),
    estimate_micros INTEGER CHECK (estimate_micros >= 0),
    charged_micros  INTEGER CHECK (charged_micros >= 0),
    -- Where the charge was read: receipt, answer, estimate or worst_case.
    source          TEXT,
    -- As it came, never altered.
    receipt         TEXT,
    reserved_at_ms  INTEGER NOT NULL,
    settled_at_ms   INTEGER,
    CHECK ((state = 'reserved') = (settled_at_ms IS NULL)),
    CHECK ((state = 'settled') = (charged_micros IS NOT NULL))
) STRICT;

CREATE INDEX charge_open ON charge (service) WHERE state = 'reserved';
CREATE INDEX charge_settled ON charge (service, settled_at_ms) WHERE state = 'settled';
CREATE INDEX charge_batch ON charge (batch) WHERE batch IS NOT NULL;

-- What a service told us unasked about an attempt. Its key is what makes a repeated notice harmless.
CREATE TABLE notice (
    job_id         TEXT NOT NULL REFERENCES job (id),
    n              INTEGER NOT NULL,
    remote_id      TEXT NOT NULL,
    status         TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    PRIMARY KEY (job_id, n, remote_id, status)
) STRICT;
