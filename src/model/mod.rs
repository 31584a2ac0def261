//! The vocabulary: what a job is, what was asked, what is told about it.

pub mod batch;
pub mod catalog;
pub mod delivery;
pub mod inspection;
pub mod job;
pub mod report;
pub mod request;
