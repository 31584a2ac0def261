//! SkillBoss: everything that knows its wire format, its money and its manners.
//!
//! Its two published pages and its own tools disagree about nearly everything, so that nothing is concluded from an
//! address: what an answer means is told by its body.

mod call;
pub mod chat;
pub mod client;
pub mod dialect;
mod download;
mod errors;
pub mod estimate;
pub mod inputs;
pub mod models;
mod outputs;
mod proof;
pub mod receipt;
mod refusal;
pub mod rules;
pub mod status;
pub mod submit;
pub mod template;
pub mod timing;
pub mod wallet;
pub mod webhook;
mod wire;

pub use client::Client;
pub use dialect::{Dialect, Ids, Remote};
pub use inputs::Inputs;
pub use outputs::MediaUrl;
pub use timing::Timing;
