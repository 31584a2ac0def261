//! Where a video goes: a readable name in a folder that can be written, and nothing is overwritten.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use uuid::Uuid;

use super::{name, roots};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::Caller;
use crate::model::job::EpochMs;

/// A minute of 1080p from the service stays below this.
const MIN_FREE_BYTES: u64 = 50_000_000;
/// What the file systems of today take for one name, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The file that a video will be written to: what was asked for, or a name from the prompt in the output folder.
///
/// The folder exists afterwards and can be written. A file that exists keeps its place and the new one gets a number;
/// see [`unused`], which delivery calls again.
///
/// # Errors
/// The path is outside the allowed folders, has a name that cannot be used, or its folder cannot be made or written,
/// or the disk is full. Nothing was spent.
pub fn output_file(
    config: &Config,
    caller: &Caller,
    asked: Option<&str>,
    prompt: &str,
    now_ms: EpochMs,
) -> Result<PathBuf> {
    let now = local(now_ms);
    let own_name = || name::from_prompt(prompt, &now);
    let path = match asked.filter(|text| !text.trim().is_empty()) {
        None => config.output_dir.join(own_name()),
        Some(text) => {
            let path = roots::read(config, caller, text)?;
            if is_folder(text, &path) { path.join(own_name()) } else { with_extension(path)? }
        }
    };
    let folder = path.parent().unwrap_or(&path);
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    check_name(&file_name)?;
    let real_folder = roots::real(folder);
    roots::check(&real_folder, config, caller)?;
    make_writable(&real_folder)?;
    if let Some(free) = free_bytes(&real_folder)
        && free < MIN_FREE_BYTES
    {
        return Err(Error::new(
            Kind::Storage,
            format!(
                "Only {} MB are free where the video would go, in {}.",
                free / 1_000_000,
                real_folder.display()
            ),
        )
        .next("Free some space, or name a folder on another disk."));
    }
    Ok(unused(&real_folder.join(file_name)))
}

/// The folder that a named path lies in, or is; it may not exist yet.
///
/// # Errors
/// The path is none that may be used.
pub fn folder_of(config: &Config, caller: &Caller, asked: &str) -> Result<PathBuf> {
    let path = roots::read(config, caller, asked)?;
    Ok(if is_folder(asked, &path) { path } else { path.parent().unwrap_or(&path).to_owned() })
}

fn is_folder(asked: &str, path: &Path) -> bool {
    asked.trim_end_matches(['"', '\'', ' ']).ends_with(['/', '\\']) || path.is_dir()
}

/// The path itself, or the same with the first number that is free: `clip-2.mp4`.
#[must_use]
pub fn unused(path: &Path) -> PathBuf {
    // A broken symlink is there too, although it does not "exist".
    let is_free =
        |path: &Path| path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if is_free(path) {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension =
        path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    (2..10_000)
        .map(|number| path.with_file_name(format!("{stem}-{number}{extension}")))
        .find(|path| is_free(path))
        .unwrap_or_else(|| path.with_file_name(format!("{stem}-{}{extension}", Uuid::new_v4().simple())))
}

/// The time on the person's wall clock; what lies outside of any calendar counts as its beginning.
fn local(now_ms: EpochMs) -> Zoned {
    Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(TimeZone::system())
}

fn with_extension(path: PathBuf) -> Result<PathBuf> {
    match path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()) {
        Some(extension) if extension == "mp4" => Ok(path),
        Some(extension)
            if ["mov", "avi", "webm", "mkv", "gif", "m4v", "mpg"].contains(&extension.as_str()) =>
        {
            Err(Error::invalid(format!("{} ends in .{extension}; videos are saved as MP4.", path.display()))
                .next("Give the file a name that ends in .mp4."))
        }
        // "take 1.final" has no extension, only a dot.
        _ => {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(".mp4");
            Ok(path.with_file_name(name))
        }
    }
}

fn check_name(file_name: &str) -> Result<()> {
    let stem = file_name.split('.').next().unwrap_or_default().trim_end();
    let wrong = if stem.is_empty() {
        "has nothing before its extension"
    } else if file_name.len() > MAX_NAME_BYTES - "-9999".len() {
        "is longer than 250 bytes"
    } else if name::is_reserved(stem) {
        "is reserved by Windows"
    } else if cfg!(windows) && file_name.contains(['<', '>', ':', '"', '|', '?', '*']) {
        "holds a character that Windows does not allow"
    } else {
        return Ok(());
    };
    let shown: String = file_name.chars().take(60).collect();
    Err(Error::invalid(format!("The file name {shown:?} {wrong}."))
        .next("Choose another name for the video."))
}

/// Makes the folder where it does not exist, and writes and removes a file in it.
///
/// # Errors
/// [`Kind::Storage`] saying which of these failed.
pub fn make_writable(folder: &Path) -> Result<()> {
    let shown = folder.display();
    fs::create_dir_all(folder).map_err(|error| {
        Error::storage(format!("The folder {shown} cannot be made: {error}."), error)
            .next("Name a folder that you may write to; FIRSTCUT_OUTPUT sets the usual one.")
    })?;
    let trial = folder.join(format!(".firstcut-{}", Uuid::new_v4().simple()));
    let written = OpenOptions::new().write(true).create_new(true).open(&trial);
    written.and_then(|_| fs::remove_file(&trial)).map_err(|error| {
        Error::storage(format!("Nothing can be written to the folder {shown}: {error}."), error)
            .next("Give yourself permission to write there, or name another folder.")
    })
}

/// Free space for us on the disk of this folder, or of the nearest one above that exists; if the system says.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    folder.ancestors().find(|folder| folder.exists()).and_then(|folder| fs4::available_space(folder).ok())
}
