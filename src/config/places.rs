//! Where things lie on this machine, and where we were installed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs, UserDirs};

use crate::error::{Error, Kind, Result};

/// What the process was born into; passed in, so that tests need no environment of their own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables.
    pub env: HashMap<OsString, OsString>,
    /// The working folder, absolute.
    pub working_dir: PathBuf,
    /// The user's home.
    pub home_dir: Option<PathBuf>,
    /// The platform's folder for the settings of programs.
    pub settings_dir: Option<PathBuf>,
    /// The platform's folder for our settings.
    pub config_dir: Option<PathBuf>,
    /// The platform's folder for our data.
    pub data_dir: Option<PathBuf>,
    /// Movies or Videos.
    pub video_dir: Option<PathBuf>,
    /// Desktop, Documents, Downloads, Movies or Videos, Pictures, Music, as far as they have a place.
    pub media_dirs: Vec<PathBuf>,
    /// This program's file.
    pub exe: Option<PathBuf>,
}

impl Surroundings {
    /// Looks around, once, at the start of the process.
    ///
    /// # Errors
    /// The working folder was removed or may not be read.
    pub fn of_process() -> Result<Self> {
        let working_dir = std::env::current_dir().map_err(|error| {
            Error::storage(format!("The working folder cannot be used: {error}."), error)
                .next("Change to a folder that exists and start again.")
        })?;
        let user = UserDirs::new();
        let own = ProjectDirs::from("", "", "firstcut");
        let home_dir = user.as_ref().map(|user| user.home_dir().to_owned());
        // On Linux these are known only where a desktop wrote them down; the usual names do else.
        let place = |known: Option<&Path>, usual: &str| {
            known.map(Path::to_owned).or_else(|| home_dir.as_ref().map(|home| home.join(usual)))
        };
        let user = user.as_ref();
        let movies = if cfg!(target_os = "macos") { "Movies" } else { "Videos" };
        let video_dir = place(user.and_then(UserDirs::video_dir), movies);
        let media_dirs = [
            place(user.and_then(UserDirs::desktop_dir), "Desktop"),
            place(user.and_then(UserDirs::document_dir), "Documents"),
            place(user.and_then(UserDirs::download_dir), "Downloads"),
            video_dir.clone(),
            place(user.and_then(UserDirs::picture_dir), "Pictures"),
            place(user.and_then(UserDirs::audio_dir), "Music"),
        ];
        Ok(Self {
            env: std::env::vars_os().collect(),
            working_dir,
            settings_dir: BaseDirs::new().map(|base| base.config_dir().to_owned()),
            config_dir: own.as_ref().map(|own| own.config_dir().to_owned()),
            data_dir: own.as_ref().map(|own| own.data_local_dir().to_owned()),
            video_dir,
            // A platform may name the home itself for a folder that does not exist; that is too wide.
            media_dirs: media_dirs
                .into_iter()
                .flatten()
                .filter(|dir| Some(dir) != home_dir.as_ref())
                .collect(),
            home_dir,
            exe: std::env::current_exe().ok(),
        })
    }

    /// A machine with this folder as `FIRSTCUT_HOME` and working folder, and nothing else: for tests.
    #[must_use]
    pub fn only(home: &Path) -> Self {
        Self {
            env: HashMap::from([("FIRSTCUT_HOME".into(), home.into())]),
            working_dir: home.to_owned(),
            home_dir: Some(home.to_owned()),
            ..Self::default()
        }
    }

    /// The same with this environment variable.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }
}

/// The folders that follow from [`Surroundings`] and `FIRSTCUT_HOME`.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) config_file: PathBuf,
    pub(super) data_dir: PathBuf,
    pub(super) output_dir: PathBuf,
    pub(super) media_dirs: Vec<PathBuf>,
}

impl Places {
    pub(super) fn find(around: &Surroundings, home: Option<&Path>) -> Result<Self> {
        let media_dirs = around.media_dirs.clone();
        if let Some(home) = home {
            return Ok(Self {
                config_file: home.join("firstcut.toml"),
                data_dir: home.to_owned(),
                output_dir: home.join("output"),
                media_dirs,
            });
        }
        match (&around.config_dir, &around.data_dir, &around.video_dir) {
            (Some(config), Some(data), Some(video)) => Ok(Self {
                config_file: config.join("firstcut.toml"),
                data_dir: data.clone(),
                output_dir: video.join("firstcut"),
                media_dirs,
            }),
            _ => Err(Error::new(
                Kind::Config,
                "Your home folder is not known, so there is no place for settings and videos.",
            )
            .next("Set FIRSTCUT_HOME to a folder that firstcut may use.")),
        }
    }
}

/// Who installed us, by our place (NemoVideo skill, attribution headers): `~/.clawhub/` or `~/.cursor/skills/`.
pub(super) fn platform(around: &Surroundings) -> &'static str {
    let Some(exe) = &around.exe else { return "unknown" };
    let parts: Vec<_> =
        exe.parent().into_iter().flat_map(Path::components).map(|part| part.as_os_str()).collect();
    if parts.iter().any(|part| *part == ".clawhub") {
        "clawhub"
    } else if parts.windows(2).any(|pair| pair[0] == ".cursor" && pair[1] == "skills") {
        "cursor"
    } else {
        "unknown"
    }
}
