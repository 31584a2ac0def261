//! Media files: what is in them, and how they are decoded, drawn and written.
#[cfg(feature = "studio")]
pub mod aac;
#[cfg(feature = "studio")]
pub mod encode;
pub mod frame;
pub mod mp4;
pub mod scale;
#[cfg(feature = "studio")]
mod sps;
