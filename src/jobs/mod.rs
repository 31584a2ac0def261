//! The life of a job: accepted by `submit`, moved by `engine`, ended by `deliver`, told by `report`.
//!
//! - It comes in: `submit` over `plan` (what may be asked for), `paths` (which files), `session` (in which timeline).
//! - It moves: `engine`, which calls the step of its kind.
//! - Kinds at NemoVideo: `turn`, `render`, and `video` over both. At SkillBoss: `run`, and `film` over several; `clip`
//!   plans them. Afterwards: `publish`, the way into the bucket and the posts.
//! - It ends: `deliver` puts the file in its place, `inspect` looks at it.
//! - It is watched and handled: `report`, `wait`, `cancel`, `retry`.
//! - It costs: `money`. Many of them: `batch`, and `routes` between models.

pub mod batch;
pub mod cancel;
pub mod clip;
mod deliver;
pub mod engine;
mod film;
pub mod inspect;
mod keyfile;
pub mod money;
pub mod paths;
pub mod plan;
pub mod publish;
pub mod rehearsal;
mod render;
pub mod report;
pub mod retry;
pub mod routes;
pub mod run;
pub mod session;
pub mod submit;
mod turn;
mod video;
pub mod wait;
