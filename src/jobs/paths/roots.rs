//! The allowed folders, and the check that a path is inside after every symlink was followed.

use std::path::{Component, Path, PathBuf};

use super::spelling::{self, Here};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::{Caller, Door};

/// Where WSL mounts the drives of Windows.
const DRIVES: &str = "/mnt";

/// Reads a path as the caller wrote it; absolute, without `.` and `..`, symlinks not yet resolved.
///
/// # Errors
/// The spelling makes no sense here; or it lies outside the allowed folders on the face of it, in which case the
/// disk was not looked at, so that the answer does not tell what exists.
pub(super) fn read(config: &Config, caller: &Caller, text: &str) -> Result<PathBuf> {
    let here = Here {
        working_dir: &caller.working_dir,
        home_dir: config.home_dir.as_deref(),
        drives: Path::new(DRIVES),
    };
    let path = tidy(&spelling::read(text, here)?);
    if is_confined(config, caller) {
        let roots = roots(config, caller);
        let inside = |root: &PathBuf| path.starts_with(root) || path.starts_with(real(root));
        if !roots.iter().any(inside) {
            return Err(outside(&path, config, caller));
        }
    }
    Ok(path)
}

/// Checks the true place of a path, symlinks resolved.
pub(super) fn check(real_path: &Path, config: &Config, caller: &Caller) -> Result<()> {
    let is_inside = || roots(config, caller).iter().any(|root| real_path.starts_with(real(root)));
    if !is_confined(config, caller) || is_inside() { Ok(()) } else { Err(outside(real_path, config, caller)) }
}

/// A person at the command line names what he owns; an assistant is confined, and an explicit setting binds both.
fn is_confined(config: &Config, caller: &Caller) -> bool {
    match caller.door {
        Door::Mcp | Door::Remote => true,
        Door::Cli => config.file_roots_are_explicit,
    }
}

fn roots(config: &Config, caller: &Caller) -> Vec<PathBuf> {
    let mut roots = vec![config.output_dir.clone()];
    let is_remote = caller.door == Door::Remote;
    // Nobody offered the Desktop and the Documents of this machine to callers from elsewhere.
    if !is_remote || config.file_roots_are_explicit {
        roots.extend(config.file_roots.iter().cloned());
    }
    if !is_remote && !is_too_wide(&caller.working_dir, config.home_dir.as_deref()) {
        roots.push(caller.working_dir.clone());
    }
    roots
}

/// Desktop programs start a server in `/`, in the system's folder or above everybody's homes. Nobody chose that, and
/// it would allow everything.
fn is_too_wide(folder: &Path, home: Option<&Path>) -> bool {
    let folder = real(folder);
    let holds_home = home.is_some_and(|home| real(home).starts_with(&folder) && real(home) != folder);
    let is_system =
        folder.components().nth(2).is_some_and(|part| part.as_os_str().eq_ignore_ascii_case("system32"));
    folder.parent().is_none() || holds_home || (cfg!(windows) && is_system)
}

/// Resolves the symlinks of as much of the path as exists.
pub(super) fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    for existing in path.ancestors() {
        if let Ok(mut found) = existing.canonicalize() {
            found.extend(rest.iter().rev());
            return found;
        }
        rest.extend(existing.file_name());
    }
    path.to_owned()
}

/// Without `.` and `..`. What `..` means behind a symlink is settled later, by the check of the true place.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(part),
        }
    }
    out
}

fn outside(path: &Path, config: &Config, caller: &Caller) -> Error {
    let folders: Vec<_> = roots(config, caller).iter().map(|root| root.display().to_string()).collect();
    let message = format!("{} lies outside the folders that may be used.", path.display());
    Error::new(Kind::Forbidden, message).next(format!(
        "Use a file in one of these folders, or ask the person to add its folder to FIRSTCUT_FILES: {}.",
        folders.join(", ")
    ))
}
