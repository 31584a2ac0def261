//! MP4 files: the boxes that players, phones and browsers expect.

mod boxes;
pub mod entry;
pub mod write;
