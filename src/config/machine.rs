//! What stands around us on this machine: where other programs keep their settings, and where this program lies.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::places::Surroundings;
use super::read::is_unset;
use super::settings::SETTINGS;
use crate::redact::Secret;

/// The folders by which assistants' settings are found.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The working folder, absolute: the project, where a client has settings for one.
    pub working_dir: PathBuf,
    /// The user's home.
    pub home_dir: Option<PathBuf>,
    /// Where programs keep settings: `~/.config`, `~/Library/Application Support` or `%APPDATA%`.
    pub settings_dir: Option<PathBuf>,
    /// `CLAUDE_CONFIG_DIR`: where Claude Code keeps everything, if not in the home.
    pub claude_code_dir: Option<PathBuf>,
    /// `CODEX_HOME`: the same for Codex.
    pub codex_dir: Option<PathBuf>,
    /// Settings of ours that stand in the environment, by name: programs that start us later may not have them.
    pub shell: BTreeMap<&'static str, Secret>,
    /// This program as others should start it.
    pub program: Option<PathBuf>,
    /// Whether a person sits before a screen on which a window can open.
    pub has_screen: bool,
}

impl Machine {
    pub(super) fn of(around: &Surroundings) -> Self {
        let folder = |name: &str| {
            let value = around.env.get(OsStr::new(name)).filter(|value| !value.is_empty())?;
            Some(around.working_dir.join(value))
        };
        let is_set = |name: &str| around.env.get(OsStr::new(name)).is_some_and(|value| !value.is_empty());
        Self {
            working_dir: around.working_dir.clone(),
            home_dir: around.home_dir.clone(),
            settings_dir: around.settings_dir.clone(),
            claude_code_dir: folder("CLAUDE_CONFIG_DIR"),
            codex_dir: folder("CODEX_HOME"),
            shell: SETTINGS
                .iter()
                .filter_map(|setting| {
                    let value = around.env.get(OsStr::new(setting.name)).filter(|value| !is_unset(value))?;
                    Some((setting.name, Secret::new(value.to_str()?)))
                })
                .collect(),
            program: around.exe.as_deref().map(|exe| as_on_path(exe, around)),
            has_screen: !cfg!(all(unix, not(target_os = "macos")))
                || is_set("DISPLAY")
                || is_set("WAYLAND_DISPLAY"),
        }
    }
}

/// The same program as it lies on the search path, where it stays when a package manager puts a new version behind it.
fn as_on_path(exe: &Path, around: &Surroundings) -> PathBuf {
    let Some((name, real)) = exe.file_name().zip(exe.canonicalize().ok()) else { return exe.to_owned() };
    let path = around.env.get(OsStr::new("PATH"));
    std::env::split_paths(path.map_or(OsStr::new(""), |path| path))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.canonicalize().is_ok_and(|candidate| candidate == real))
        .unwrap_or_else(|| exe.to_owned())
}
