//! Craft of the wire that every service shares: HTTP, back-off, event streams, the guard against foreign addresses.
