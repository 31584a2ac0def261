//! Tests through the outer doors: sockets, files, processes. One binary, because linking costs more than running.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "stdout belongs to MCP in the program, not here"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at what it did not expect")]

mod bad_input;
mod by_hand;
mod canned;
mod cli;
mod clients;
mod config;
mod conformance;
mod crash;
mod delivery;
mod docs;
mod doctor;
mod eyes;
mod floors;
mod guard;
mod havoc;
mod home;
mod install;
mod mcp;
mod money;
mod nemo;
mod nemo_sandbox;
mod paths;
mod patience;
mod permissions;
mod pipeline;
mod ports;
mod prices;
mod recordings;
mod rehearsal;
mod sandbox;
mod secrets;
mod skillboss;
mod talk;
mod templates;
mod turns;
mod workflows;
