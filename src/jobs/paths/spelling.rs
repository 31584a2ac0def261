//! How a path may be written: `~`, `file://`, Windows, UNC and WSL spellings.

use std::path::{Path, PathBuf};

use url::Url;

use crate::error::{Error, Result};

/// What the spelling of a path depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here<'a> {
    /// Relative paths start here.
    pub(super) working_dir: &'a Path,
    /// `~`.
    pub(super) home_dir: Option<&'a Path>,
    /// Where Windows drives are mounted on Unix (WSL: `/mnt`).
    pub(super) drives: &'a Path,
}

/// The absolute path that is meant. It need not exist, and symlinks are not yet resolved.
pub(super) fn read(text: &str, here: Here<'_>) -> Result<PathBuf> {
    let text = unquoted(text.trim());
    if text.is_empty() {
        return Err(Error::invalid("The path is empty.").next("Name a file."));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid("The path holds a control character.").next("Write the path in one line."));
    }
    let path = match text.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => from_file_address(text)?,
        Some((scheme, _)) if is_scheme(scheme) => {
            return Err(Error::invalid(format!("{text:?} is an address and not a file on this machine."))
                .next("Name a file here; a public https address can be given where addresses are taken."));
        }
        _ => text.to_owned(),
    };
    local(&path, here)
}

/// Without the quotation marks that come along when a path is copied from a file manager.
fn unquoted(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark)).unwrap_or(text)
}

fn is_scheme(text: &str) -> bool {
    // One letter is a drive.
    text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn from_file_address(text: &str) -> Result<String> {
    let wrong = || {
        Error::invalid(format!("{text:?} names no file on this machine."))
            .next("Write file:///folder/file.mp4, or the plain path.")
    };
    let url = Url::parse(text).map_err(|error| wrong().because(error))?;
    if url.host_str().is_some_and(|host| !host.is_empty() && host != "localhost") && cfg!(unix) {
        return Err(wrong());
    }
    let path = url.to_file_path().map_err(|()| wrong())?;
    let path = path.to_str().ok_or_else(wrong)?;
    // file:///C:/… read on Unix.
    let drive = path.strip_prefix('/').filter(|rest| drive(rest).is_some());
    Ok(drive.unwrap_or(path).to_owned())
}

/// The letter and the rest of `C:\…` or `C:/…`.
fn drive(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?;
    (chars.next() == Some(':') && matches!(chars.next(), Some('\\' | '/'))).then(|| (letter, &text[3..]))
}

fn local(text: &str, here: Here<'_>) -> Result<PathBuf> {
    if let Some(rest) = text.strip_prefix('~') {
        let Some(rest) = rest.strip_prefix(['/', '\\']).or(rest.is_empty().then_some(rest)) else {
            return Err(Error::invalid(format!(
                "{text:?} begins with the home of somebody else, or with a file name in ~."
            ))
            .next("Write the whole path."));
        };
        let home = here.home_dir.ok_or_else(|| {
            Error::invalid("The path begins with ~ and the home folder is not known.")
                .next("Write the whole path.")
        })?;
        return Ok(home.join(rest));
    }
    if cfg!(windows) { on_windows(text, here) } else { on_unix(text, here) }
}

fn on_windows(text: &str, here: Here<'_>) -> Result<PathBuf> {
    // An assistant that runs in WSL says /mnt/c/… to a server on Windows.
    let mounted = text.strip_prefix("/mnt/").and_then(|rest| {
        let letter = rest.chars().next().filter(char::is_ascii_alphabetic)?;
        let rest = rest[1..].strip_prefix('/').or_else(|| rest[1..].is_empty().then_some(""))?;
        Some(format!("{letter}:\\{}", rest.replace('/', "\\")))
    });
    Ok(here.working_dir.join(mounted.as_deref().unwrap_or(text)))
}

fn on_unix(text: &str, here: Here<'_>) -> Result<PathBuf> {
    let plain = text.strip_prefix(r"\\?\").unwrap_or(text);
    if let Some((letter, rest)) = drive(plain) {
        let drive = here.drives.join(letter.to_ascii_lowercase().to_string());
        if !drive.is_dir() {
            return Err(Error::invalid(format!(
                "{text:?} is a Windows path, and drive {letter}: is not mounted here."
            ))
            .next("Name the file as this machine sees it."));
        }
        return Ok(drive.join(rest.replace('\\', "/")));
    }
    let slashed = plain.replace('\\', "/");
    let is_unc = plain.starts_with(r"\\") || text.starts_with("//wsl");
    if is_unc && let Some(rest) = slashed.strip_prefix("//") {
        // \\wsl$\Distribution\home\… is this machine seen from Windows.
        let mut parts = rest.splitn(3, '/');
        let host = parts.next().unwrap_or_default();
        if matches!(host.to_ascii_lowercase().as_str(), "wsl$" | "wsl.localhost") {
            return Ok(Path::new("/").join(parts.nth(1).unwrap_or_default()));
        }
        return Err(Error::invalid(format!("{text:?} lies on another machine of a Windows network."))
            .next("Mount the share and name the file by its place here."));
    }
    Ok(here.working_dir.join(text))
}
