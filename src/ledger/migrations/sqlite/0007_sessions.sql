-- Whose session is whose: what callers over HTTP and batches work in does not become the current one of the command line.

-- When it was last worked in by somebody on this machine; nothing when only others did.
ALTER TABLE session ADD COLUMN used_here_at_ms INTEGER;

UPDATE session SET used_here_at_ms = last_used_at_ms;
