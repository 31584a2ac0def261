//! NemoVideo: everything that knows its wire format and its manners.

pub mod account;
mod attribution;
mod auth;
mod call;
pub mod changes;
pub mod client;
pub mod download;
pub mod draft;
pub mod errors;
pub mod events;
mod identity;
pub mod language;
pub mod render;
pub mod state;
pub mod stream;
pub mod timeline;
pub mod timing;
pub mod turn;
pub mod upload;
mod wire;

pub use client::Client;
pub mod gui;
pub mod route;
mod words;
