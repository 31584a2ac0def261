-- Two offices: 1 moves real jobs, 2 moves those of the sandbox. Each has its own lock file, beat and term, so that a
-- process that was started for a rehearsal never holds, nor awaits, the right to move what is paid for.

ALTER TABLE dispatcher RENAME TO dispatcher_of_all;

CREATE TABLE dispatcher (
    id    INTEGER PRIMARY KEY NOT NULL CHECK (id IN (1, 2)),
    term  INTEGER NOT NULL CHECK (term > 0),
    beat  INTEGER NOT NULL,
    owner TEXT NOT NULL
) STRICT;

INSERT INTO dispatcher (id, term, beat, owner) SELECT id, term, beat, owner FROM dispatcher_of_all;
INSERT INTO dispatcher (id, term, beat, owner) VALUES (2, 1, 0, '');

DROP TABLE dispatcher_of_all;
