//! The sandbox: both services, emulated on loopback.
pub mod render;
