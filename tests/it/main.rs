//! Tests at the outer doors, in one binary, because linking costs more than running.

mod cli;
mod config;
mod docs;
mod floors;
mod paths;
mod recordings;
