//! NemoVideo: everything that knows its wire format and its manners.

pub mod gui;
pub mod route;
mod words;
