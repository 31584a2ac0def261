//! Paths that people and assistants name: understood, kept inside the allowed folders, checked before money moves.

mod input;
mod name;
mod output;
mod picture;
mod roots;
mod spelling;
#[cfg(test)]
mod tests;

pub use input::{
    MAX_UPLOAD_BYTES, UPLOAD_EXTENSIONS, input_file, input_media, input_url, readable_file, video_file,
};
pub use output::{folder_of, free_bytes, make_writable, output_file, unused};
pub use picture::picture;
