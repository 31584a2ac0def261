//! Craft of the wire that every service shares: HTTP, back-off, event streams, the guard against foreign addresses.

pub mod backoff;
pub mod download;
pub mod guard;
pub mod http;
pub mod pace;
pub mod seal;
pub mod sse;
pub mod staged;
