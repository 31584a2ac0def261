//! firstcut: a prompt in, an MP4 out. The floors, top to bottom; a module imports its own folder or a lower floor.
#![allow(dead_code, missing_docs)] // while the house is being built

pub mod cli;
pub mod mcp;

pub mod jobs;

pub mod app;

pub mod ledger;
pub mod media;
pub mod nemo;

pub mod model;
pub mod net;

pub mod config;
pub mod error;
pub mod redact;

pub mod sandbox;
