//! Media files: what is in them, and how they are decoded, drawn and written.
pub mod frame;
