//! The command line.

pub mod understand;
