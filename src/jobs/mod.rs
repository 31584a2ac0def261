//! The life of a job, readable in one folder: accepted by `submit`, moved by `engine` and `advance`, told by `report`.

mod advance;
pub mod approve;
pub mod books;
mod browser;
pub mod cancel;
pub mod clip;
mod deliver;
mod election;
pub mod engine;
mod film;
mod hook;
mod freshness;
mod identity;
mod mention;
pub mod paths;
pub mod plan;
mod render;
pub mod report;
pub mod retry;
mod run;
pub mod session;
mod settle;
pub mod submit;
mod turn;
mod video;
pub mod wait;
mod words;
