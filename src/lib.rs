//! firstcut: a prompt in, an MP4 out. The floors, top to bottom; a module imports its own folder or a lower floor.
#![allow(dead_code, missing_docs)] // while the house is being built

pub mod cli;
pub mod media;
pub mod nemo;
pub mod sandbox;
