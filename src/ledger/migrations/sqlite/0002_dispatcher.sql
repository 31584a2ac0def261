-- Who moves the jobs. A lock on a file tells at once when that process has ended; the beat tells when it still
-- holds the lock and does nothing any more, because it is stopped or stuck. The term grows when it is deposed.

CREATE TABLE dispatcher (
    id    INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    term  INTEGER NOT NULL CHECK (term > 0),
    beat  INTEGER NOT NULL,
    owner TEXT NOT NULL
) STRICT;

INSERT INTO dispatcher (id, term, beat, owner) VALUES (1, 1, 0, '');
