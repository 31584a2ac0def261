//! MP4 files: the boxes that players, phones and browsers expect.

mod build;
pub mod entry;
pub mod write;
