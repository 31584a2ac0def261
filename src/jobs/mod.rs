//! The life of a job, readable in one folder.

pub mod cancel;
pub mod engine;
pub mod plan;
pub mod report;
pub mod session;
pub mod submit;
pub mod wait;
