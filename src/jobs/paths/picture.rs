//! Pictures that go to a model inside the request: files on this machine, small enough to be sent as text.

use std::io::Read;
use std::path::PathBuf;

use super::input::input_file;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::Caller;
use crate::media::sniff;

/// The largest picture: it travels as text, a third larger.
const MAX_PICTURE_BYTES: u64 = 8 * 1024 * 1024;

/// The true path of a picture that may be read and that a model takes: PNG, JPEG or WebP by its content.
///
/// # Errors
/// As [`input_file`]; an address instead of a file; another kind of file; too large. Nothing was sent.
pub fn picture(config: &Config, caller: &Caller, text: &str) -> Result<PathBuf> {
    if text.contains("://") && !text.trim().to_ascii_lowercase().starts_with("file:") {
        return Err(Error::invalid(
            "These models take pictures as files on this machine, not as addresses. Nothing was sent.",
        )
        .next("Save the picture to a file and name that."));
    }
    let path = input_file(config, caller, text)?;
    let unreadable = |error| Error::storage(format!("{} cannot be read.", path.display()), error);
    let mut head = Vec::new();
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    file.take(sniff::HEAD_BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    let format = sniff::sniff(&head);
    if !format.is_some_and(|format| matches!(format.extension(), "jpg" | "png" | "webp")) {
        return Err(Error::new(
            Kind::UnsupportedFile,
            format!("{} is no PNG, JPEG or WebP picture. Nothing was sent.", path.display()),
        )
        .next("Give a picture in one of these formats."));
    }
    if bytes > MAX_PICTURE_BYTES {
        return Err(Error::new(
            Kind::FileTooLarge,
            format!(
                "{} has {} MB; a picture may have 8 MB. Nothing was sent.",
                path.display(),
                bytes.div_ceil(1 << 20)
            ),
        )
        .next("Make it smaller, for example 1920 pixels wide as JPEG."));
    }
    Ok(path)
}
