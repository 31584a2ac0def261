//! The life of a job, readable in one folder: accepted by `submit`, moved by `engine` and `advance`, told by `report`.

mod advance;
mod browser;
pub mod cancel;
mod deliver;
mod election;
pub mod engine;
mod freshness;
mod identity;
mod mention;
pub mod paths;
pub mod plan;
mod render;
pub mod report;
pub mod session;
mod settle;
pub mod submit;
mod turn;
mod video;
pub mod wait;
mod words;
