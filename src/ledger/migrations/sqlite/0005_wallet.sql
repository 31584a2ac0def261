-- The wallet as it was seen, and whether it is empty.

-- What a service said was in a wallet. It was true at some moment between the question and the answer; charges
-- are compared with two such readings.
CREATE TABLE balance (
    seq            INTEGER PRIMARY KEY NOT NULL,
    service        TEXT NOT NULL,
    -- A mark of the key, so that two wallets are never taken for one.
    wallet         TEXT NOT NULL,
    asked_at_ms    INTEGER NOT NULL,
    answered_at_ms INTEGER NOT NULL CHECK (answered_at_ms >= asked_at_ms),
    balance_micros INTEGER NOT NULL
) STRICT;

CREATE INDEX balance_read ON balance (service, answered_at_ms);

-- A wallet that had too little in it: nothing is sent with it but one probe at a time, until one is taken.
CREATE TABLE hold (
    service      TEXT NOT NULL,
    wallet       TEXT NOT NULL,
    since_ms     INTEGER NOT NULL,
    -- The next request may be tried then, by whoever moves this on first.
    probe_at_ms  INTEGER NOT NULL,
    probes       INTEGER NOT NULL,
    PRIMARY KEY (service, wallet)
) STRICT;
