//! What goes up to a service: files that are media by their content, and public addresses.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::roots;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::Caller;
use crate::media::sniff::{self, Format};
use crate::model::request::Media;
use crate::net::guard::Guard;
use crate::redact::SafeUrl;

/// The largest file that the service takes (NemoVideo skill, Tips: 200 MB).
pub const MAX_UPLOAD_BYTES: u64 = 200 * 1024 * 1024;

/// The formats that the service takes, by extension (NemoVideo skill, Supported formats; jpeg is jpg by its long name).
pub const UPLOAD_EXTENSIONS: [&str; 14] =
    ["mp4", "mov", "avi", "webm", "mkv", "jpg", "jpeg", "png", "gif", "webp", "mp3", "wav", "m4a", "aac"];

/// The longest address that is taken.
const MAX_ADDRESS_BYTES: usize = 2048;

/// A file or an address, whichever the words are.
///
/// # Errors
/// As [`input_file`] and [`input_url`].
pub fn input_media(config: &Config, caller: &Caller, text: &str) -> Result<Media> {
    let scheme = text.trim().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") => input_url(config, text).map(|url| Media::Url(SafeUrl::new(url))),
        _ => input_file(config, caller, text).map(Media::File),
    }
}

/// The true path of a file that may be read and that a service will take.
///
/// # Errors
/// It does not exist, is a folder, is empty, too large, not readable, outside the allowed folders, or no media by
/// name and content. Nothing was sent.
pub fn input_file(config: &Config, caller: &Caller, text: &str) -> Result<PathBuf> {
    let found = readable_file(config, caller, text)?;
    let shown = found.display();
    let facts = found.metadata().map_err(|error| missing(&found, error))?;
    check_extension(&found)?;
    if facts.len() == 0 {
        return Err(
            Error::invalid(format!("{shown} is empty.")).next("Choose a file that has something in it.")
        );
    }
    if facts.len() > MAX_UPLOAD_BYTES {
        let size = facts.len().div_ceil(1024 * 1024);
        return Err(Error::new(Kind::FileTooLarge, format!("{shown} has {size} MB; the limit is 200 MB."))
            .next("Compress or trim it, then try again."));
    }
    check_content(&found)?;
    Ok(found)
}

/// The true path of a video that may be read, of whatever size: it goes into the caller's own bucket.
///
/// # Errors
/// It does not exist, is a folder, is empty, not readable, outside the allowed folders, or no video by name and content.
/// Nothing was sent.
pub fn video_file(config: &Config, caller: &Caller, text: &str) -> Result<PathBuf> {
    let found = readable_file(config, caller, text)?;
    check_extension(&found)?;
    let format = check_content(&found)?;
    if format.kind() == sniff::Kind::Video {
        return Ok(found);
    }
    let what =
        format!("{} is a .{} file and no video. Nothing was sent.", found.display(), format.extension());
    Err(Error::new(Kind::UnsupportedFile, what).next("Name a video, for example an MP4."))
}

/// The true path of an ordinary file that may be read, whatever it holds.
///
/// # Errors
/// It does not exist, is a folder or a device, or lies outside the allowed folders.
pub fn readable_file(config: &Config, caller: &Caller, text: &str) -> Result<PathBuf> {
    let path = roots::read(config, caller, text)?;
    let found = path.canonicalize().map_err(|error| missing(&path, error))?;
    roots::check(&found, config, caller)?;
    let shown = found.display();
    let facts = found.metadata().map_err(|error| missing(&found, error))?;
    if facts.is_dir() {
        return Err(Error::invalid(format!("{shown} is a folder.")).next("Name the files in it one by one."));
    }
    if !facts.is_file() {
        return Err(Error::invalid(format!("{shown} is no ordinary file.")).next("Name a media file."));
    }
    Ok(found)
}

fn missing(path: &Path, error: std::io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Error::new(Kind::NotFound, format!("There is no file {shown}."))
                .next("Check the name and the folder.")
        }
        ErrorKind::PermissionDenied => unreadable(path, error),
        _ => {
            Error::storage(format!("{shown} cannot be looked at: {error}."), error).next("Name another file.")
        }
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::storage(format!("{} cannot be read: {error}.", path.display()), error)
        .next("Give yourself permission to read it, or name another file.")
}

fn check_extension(path: &Path) -> Result<()> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    if extension.as_ref().is_some_and(|extension| UPLOAD_EXTENSIONS.contains(&extension.as_str())) {
        return Ok(());
    }
    let is_text = matches!(extension.as_deref(), Some("txt" | "md" | "text" | "rtf"));
    let error = Error::new(
        Kind::UnsupportedFile,
        match &extension {
            Some(extension) => {
                format!("{} is a .{extension} file, which the service does not take.", path.display())
            }
            None => format!("{} has no extension, so the service would not take it.", path.display()),
        },
    );
    Err(error.next(if is_text {
        "Text is not uploaded: give its words as the prompt.".to_owned()
    } else {
        format!("Convert it to one of: {}.", UPLOAD_EXTENSIONS.join(", "))
    }))
}

/// The content decides: no prompt may talk an assistant into sending a key file that was given another name.
fn check_content(path: &Path) -> Result<Format> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    file.take(sniff::HEAD_BYTES as u64).read_to_end(&mut head).map_err(|error| unreadable(path, error))?;
    let shown = path.display();
    let Some(format) = sniff::sniff(&head) else {
        let looks_like = sniff::looks_like(&head);
        return Err(Error::new(
            Kind::UnsupportedFile,
            format!("{shown} is no media file; it looks like {looks_like}."),
        )
        .next(format!("Choose a real file of one of these kinds: {}.", UPLOAD_EXTENSIONS.join(", "))));
    };
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    if format.agrees_with(&extension) {
        return Ok(format);
    }
    let true_name = format.extension();
    let error = Error::new(
        Kind::UnsupportedFile,
        format!("{shown} is named .{extension} and is a .{true_name} file."),
    );
    Err(if UPLOAD_EXTENSIONS.contains(&true_name) {
        error.next(format!("Rename it so that it ends in .{true_name}."))
    } else {
        error.next(format!("Convert it to one of: {}.", UPLOAD_EXTENSIONS.join(", ")))
    })
}

/// A public https address of a media file, as far as that can be told without asking anybody.
///
/// # Errors
/// It is no https address, or it leads to this machine or a private network. Nothing was sent.
pub fn input_url(config: &Config, text: &str) -> Result<Url> {
    let text = text.trim();
    if text.len() > MAX_ADDRESS_BYTES {
        return Err(Error::invalid("The address is longer than 2048 characters.")
            .next("Download the file and give its path."));
    }
    let url = Url::parse(text).map_err(|error| {
        Error::invalid(format!("{:?} is no web address.", crate::redact::quote(text, 80)))
            .because(error)
            .next("Write it as https://host/file.mp4.")
    })?;
    if url.scheme() == "file" {
        return Err(Error::invalid("A file:// address is a file on this machine.")
            .next("Give it as a file and not as an address."));
    }
    Guard::new(config.nemo.allow_loopback, Duration::ZERO).vet(&url)?;
    Ok(url)
}
