//! The sandbox: both services, emulated on loopback.
#[cfg(feature = "studio")]
pub mod render;
