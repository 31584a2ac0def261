//! Tests through the outer doors: sockets, files, processes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]

mod sandbox;
mod canned;
mod guard;
mod nemo;
mod nemo_sandbox;
mod recordings;
