//! Settings: file < environment < flags, read once, typed, checked.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::redact::Secret;

/// Where NemoVideo is and as whom we speak.
#[derive(Clone, Debug)]
pub struct Nemo {
    /// `NEMO_TOKEN`: used instead of an anonymous token, never swapped for another account.
    pub token: Option<Secret>,
    /// `NEMO_API_URL`: base of every call, without a trailing slash.
    pub api_url: Url,
    /// `NEMO_WEB_URL`: base of links for people.
    pub web_url: Url,
    /// `NEMO_CLIENT_ID`: wins over the stored one.
    pub client_id: Option<String>,
    /// `SKILL_SOURCE`, else detected from the install path: the value of `X-Skill-Platform`.
    pub platform: String,
    /// Folder for the client id and the cached token (private to the user).
    pub identity_dir: PathBuf,
    /// `FIRSTCUT_ALLOW_LOOPBACK`: services, downloads and webhooks may be on loopback.
    pub allow_loopback: bool,
    /// `FIRSTCUT_POLL_S`: pause between two status questions; by default 30 s.
    pub poll: Duration,
}

/// Which service a call uses when it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceChoice {
    /// NemoVideo, which needs no account (later: the other service when its key is set).
    Auto,
    /// NemoVideo.
    Nemo,
    /// The built-in rehearsal.
    Sandbox,
}

/// Everything that can be set, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// `FIRSTCUT_SERVICE`.
    pub service: ServiceChoice,
    /// `FIRSTCUT_WAIT_S`: how long a tool call that started a job waits; else by client identity.
    pub wait: Option<Duration>,
    /// `FIRSTCUT_POLL_S` if set: pause between two status questions.
    pub poll: Option<Duration>,
    /// Where the ledger lies.
    pub ledger_file: PathBuf,
    /// State of the embedded sandbox.
    pub sandbox_dir: PathBuf,
    /// `FIRSTCUT_OUTPUT`: where videos go.
    pub output_dir: PathBuf,
    /// `FIRSTCUT_FILES`: folders that may be read and written beside the output folder; the working folder counts too.
    pub file_roots: Vec<PathBuf>,
    /// The user's home, for `~`.
    pub home_dir: Option<PathBuf>,
    /// NemoVideo.
    pub nemo: Nemo,
}
