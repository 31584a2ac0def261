//! firstcut: a prompt in, an MP4 out.
//!
#![doc = include_str!("../ARCHITECTURE.md")]

// Floor 5, the doors: the only code that knows MCP, routes and exit codes.
pub mod cli;
pub mod http;
pub mod mcp;

// Floor 4: the life of a job.
pub mod jobs;

// Floor 3: every part built once.
pub mod app;

// Floor 2, the outside: none of these knows another.
pub mod delivery;
pub mod ledger;
pub mod media;
pub mod nemo;
pub mod skillboss;
pub mod social;

// Floor 1: vocabulary and craft.
pub mod model;
pub mod net;

// Floor 0.
pub mod config;
pub mod error;
pub mod money;
pub mod redact;

// Annex: the services, emulated.
pub mod sandbox;
