//! What can be set about a sandbox before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{Error, Faults, SkillBossOptions};

/// Everything about a sandbox that can be chosen; every field has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct Options {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// State, uploads, rendered files and logs live here and survive a restart.
    pub folder: PathBuf,
    /// Trouble from the start.
    pub faults: Faults,
    /// How long things take.
    pub pace: Pace,
    /// What the credits cost and how many there are.
    pub prices: Prices,
    /// Registered users whose tokens are known beforehand.
    pub accounts: Vec<Account>,
    /// What a new anonymous user may do.
    pub plan: Plan,
    /// How many client ids one peer may register in seven days (NemoVideo: 10); `None` is no limit.
    pub peer_limit: Option<usize>,
    /// A second anonymous-token call within the window gets the same token instead of 429.
    pub same_token_again: bool,
    /// Error codes 1001, 1002, 2001, 4001, 4002 come inside HTTP 200 instead of a fitting 4xx.
    pub errors_as_200: bool,
    /// An unknown session on `/run_sse` is a FastAPI `{"detail":…}` 404 instead of code 1002.
    pub session_404_detail: bool,
    /// Which frames `/run_sse` sends.
    pub dialect: Dialect,
    /// Which release of the agent framework the frames look like.
    pub adk_keys: AdkKeys,
    /// The form of the heartbeats.
    pub heartbeat: Heartbeat,
    /// Send text token by token first, even when the request does not ask for it.
    pub partials: bool,
    /// How often an edit is answered without a word.
    pub silence: Silence,
    /// When background music and title join a generated clip.
    pub second_stage: SecondStage,
    /// The shape of the render replies.
    pub render_reply: RenderReply,
    /// Ends the addresses of finished renders, as a signature does, for example `Expires=1&Signature=x`.
    pub link_query: Option<String>,
    /// What becomes of a render of an empty draft.
    pub empty_draft: EmptyDraft,
    /// Refuse to render a draft that is not exactly one that the sandbox handed out.
    pub strict_draft: bool,
    /// The largest upload in bytes (NemoVideo skill: 200 MB).
    pub upload_limit_bytes: u64,
    /// The half that stands in for SkillBoss.
    pub skillboss: SkillBossOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            folder: PathBuf::from("firstcut-sandbox"),
            faults: Faults::default(),
            pace: Pace::default(),
            prices: Prices::default(),
            accounts: Vec::new(),
            plan: Plan::Free,
            peer_limit: Some(10),
            same_token_again: false,
            errors_as_200: false,
            session_404_detail: false,
            dialect: Dialect::Adk,
            adk_keys: AdkKeys::V2,
            heartbeat: Heartbeat::Mixed,
            partials: false,
            silence: Silence::Sometimes,
            second_stage: SecondStage::InStream,
            render_reply: RenderReply::A,
            link_query: None,
            empty_draft: EmptyDraft::Refused,
            strict_draft: true,
            upload_limit_bytes: 200 * 1024 * 1024,
            skillboss: SkillBossOptions::default(),
        }
    }
}

impl Options {
    /// Defaults, in this folder.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..Self::default() }
    }

    /// Settings from a TOML file, or a JSON file when its name ends in `.json`.
    ///
    /// # Errors
    /// When the file cannot be read or names a setting that does not exist.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        read_settings(path)
    }
}

/// Reads a TOML or JSON file into settings; the error names the file.
pub(super) fn read_settings<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Error::Folder { path: path.to_path_buf(), source })?;
    let bad = |reason: String| Error::BadFile { path: path.to_path_buf(), reason };
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    } else {
        toml::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}

/// A factor on every delay: 1 looks real (a clip in about six seconds), 0 does not wait at all.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Pace(pub f64);

impl Pace {
    /// Takes a few seconds, as a person expects.
    pub const REAL: Self = Self(1.0);
    /// Does not wait.
    pub const INSTANT: Self = Self(0.0);

    /// This many milliseconds at this pace.
    pub(super) fn of_ms(self, ms: u64) -> Duration {
        Duration::try_from_secs_f64(self.0 * ms as f64 / 1000.0).unwrap_or(Duration::ZERO)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::REAL
    }
}

/// Credits (NemoVideo skill, Authentication; the two prices are those its documents quote).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// What a new anonymous user gets.
    pub starting_credits: i64,
    /// One generated clip.
    pub generation: i64,
    /// The first edit of a session; later ones are free.
    pub first_edit: i64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { starting_credits: 100, generation: 100, first_edit: 50 }
    }
}

/// A registered user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The bearer token.
    pub token: String,
    /// The user's id; one that begins with `anon_` counts as anonymous.
    pub user_id: String,
    /// Credits at the first start; later starts keep what is left.
    pub credits: i64,
    /// What the user may do.
    #[serde(default)]
    pub plan: Plan,
}

/// Whether exports are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plan {
    /// Exports work.
    #[default]
    Free,
    /// Every export is answered with 402.
    FreeBlocked,
}

/// The two families of frames that documents about `/run_sse` show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Events of the agent framework, as its own server writes them.
    Adk,
    /// Simple frames with a `type`.
    Typed,
}

/// Which keys an event of the framework has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum AdkKeys {
    /// 1.4: short ids, no `requestedToolConfirmations`.
    #[serde(rename = "1.4")]
    V1_4,
    /// 1.27: UUIDs, `requestedToolConfirmations`.
    #[serde(rename = "1.27")]
    V1_27,
    /// 2.x: also `nodeInfo` and `usageMetadata`.
    #[serde(rename = "2.x")]
    V2,
}

/// What a heartbeat looks like; the real bytes are not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heartbeat {
    /// `data: ` and nothing.
    Empty,
    /// `data: heartbeat`.
    Word,
    /// `data: {"type":"heartbeat"}`.
    Typed,
    /// A comment line.
    Comment,
    /// `event: heartbeat`.
    Event,
    /// All of them in turn.
    Mixed,
    /// None at all.
    Off,
}

/// How often an edit comes without text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Never.
    Never,
    /// About three edits in ten, decided by session and turn.
    Sometimes,
    /// Every edit.
    Always,
}

/// When the music and the title join a generated clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondStage {
    /// Before the stream ends.
    InStream,
    /// This long after the stream has ended, at [`Pace`] 1.
    AfterMs(u64),
    /// Never.
    Off,
}

/// The two documented shapes of a render reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RenderReply {
    /// `status` and `output.url` at the top.
    A,
    /// `data.status` and `data.outputUrl`.
    B,
    /// Both at once.
    #[serde(rename = "superset")]
    Superset,
}

/// What happens to a draft without segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyDraft {
    /// The submission is answered with an error.
    Refused,
    /// The submission is accepted and the render fails.
    Fails,
}
