//! Scripted trouble: which request goes wrong, how, and how often.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{Error, options};

/// Rules, tried in order on every request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The rules; in a TOML file each is a `[[rules]]` table.
    pub rules: Vec<Rule>,
}

impl Faults {
    /// Rules from a TOML file, or a JSON file when its name ends in `.json`.
    ///
    /// # Errors
    /// When the file cannot be read, or a rule names something that does not exist.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        options::read_settings(path)
    }
}

/// One rule: when it fits a request, its trouble strikes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only this endpoint; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Only when the message (or the JSON body, where there is no message) contains this, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Only from the n-th fitting request on, the first being 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub nth: u32,
    /// How often it strikes; 0 means always.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub times: u32,
    /// What goes wrong. A bare word stands for the fault of that kind with its defaults.
    #[serde(rename = "do", deserialize_with = "word_or_table")]
    pub fault: Fault,
}

impl Rule {
    /// A rule that strikes once, at the next request to this endpoint.
    #[must_use]
    pub fn once(endpoint: Endpoint, fault: Fault) -> Self {
        Self { endpoint: Some(endpoint), text: None, session: None, nth: 1, times: 1, fault }
    }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

fn word_or_table<'de, D: Deserializer<'de>>(from: D) -> Result<Fault, D::Error> {
    let mut given = Value::deserialize(from)?;
    if given.is_string() {
        given = serde_json::json!({ "kind": given });
    }
    serde_json::from_value(given).map_err(serde::de::Error::custom)
}

/// The places where trouble can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the endpoint that it names")]
pub enum Endpoint {
    AnonymousToken,
    ClaimToken,
    WithSession,
    RunSse,
    Upload,
    Credits,
    State,
    RenderSubmit,
    RenderPoll,
    RenderCancel,
    RenderDownload,
    Cdn,
}

impl Endpoint {
    /// The name used in rules and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AnonymousToken => "anonymous_token",
            Self::ClaimToken => "claim_token",
            Self::WithSession => "with_session",
            Self::RunSse => "run_sse",
            Self::Upload => "upload",
            Self::Credits => "credits",
            Self::State => "state",
            Self::RenderSubmit => "render_submit",
            Self::RenderPoll => "render_poll",
            Self::RenderCancel => "render_cancel",
            Self::RenderDownload => "render_download",
            Self::Cdn => "cdn",
        }
    }
}

/// When, within the work of one message, trouble strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before anything has changed; the frozen credits come back.
    BeforeChange,
    /// Right after the change, before it is announced.
    #[default]
    AfterChange,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    /// The body stops without its final chunk, or the answer never begins.
    #[default]
    Eof,
    /// A TCP reset.
    Reset,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    // --- any endpoint
    /// Answers with this instead of doing anything.
    Status {
        /// HTTP status.
        status: u16,
        /// Code in the body; the status when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i64>,
        /// Text in the body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// A `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
    },
    /// Answers with a web page and HTTP 200, as a captive portal or a proxy does.
    WebPage,
    /// Waits before it does anything.
    Delay {
        /// How long; not scaled by the pace.
        ms: u64,
    },
    /// Never answers.
    Hang,
    /// Cuts the connection before anything is done.
    Cut {
        /// How.
        #[serde(default)]
        how: Close,
    },
    /// Does the work, then cuts the connection instead of answering.
    LostAnswer {
        /// How.
        #[serde(default)]
        how: Close,
    },
    /// Does the work, then never answers.
    HangAfter,
    /// From now on the token is expired.
    ExpireToken,
    /// From now on the session is unknown.
    LoseSession,
    /// Ends the body after so many bytes, with the full length announced.
    CutBody {
        /// After how many bytes.
        bytes: u64,
    },
    /// Sends so many bytes of the body, with the full length announced, and then nothing more.
    StallBody {
        /// After how many bytes.
        bytes: u64,
    },
    /// Numbers in the JSON answer are strings.
    NumbersAsStrings,

    // --- run_sse
    /// The stream ends abruptly.
    CutStream {
        /// When.
        #[serde(default)]
        at: Moment,
        /// How.
        #[serde(default)]
        how: Close,
    },
    /// A server exception in the stream.
    ErrorFrame {
        /// Invalid JSON, as release 1.4 of the framework writes it when the text has quotes and line breaks.
        #[serde(default)]
        malformed: bool,
        /// When.
        #[serde(default)]
        at: Moment,
    },
    /// A model error inside a normal event, before anything has changed.
    ModelError {
        /// `errorCode`.
        code: String,
        /// `errorMessage`.
        message: String,
    },
    /// The credits run out in the middle: an event with `errorCode` 2001, nothing changed, nothing charged.
    NoCredits,
    /// The tool fails and the agent says so; nothing is charged.
    ToolError,
    /// Only heartbeats come for a time, then the work goes on.
    HeartbeatsOnly {
        /// How many.
        count: u32,
        /// How far apart; not scaled by the pace.
        every_ms: u64,
    },
    /// Only heartbeats, until the client gives up. Nothing changes.
    HeartbeatsForever {
        /// How far apart; not scaled by the pace.
        every_ms: u64,
    },
    /// The last event is not followed by a blank line.
    NoFinalBlank,
    /// The body comes in pieces of so many bytes (1 cuts characters in two).
    Pieces {
        /// Bytes in a piece.
        bytes: usize,
    },
    /// Lines end in CR LF.
    Crlf,
    /// The work is done without a word.
    Silent,
    /// The agent calls its tool, nothing changes, and nothing is said.
    SilentNoop,
    /// After everything went well, an apology for a temporary issue.
    Apology,
    /// Thought parts, which nobody should see.
    Thoughts,
    /// Text comes token by token first.
    Partials,
    /// Each text event comes as two frames with one id.
    DuplicateIds,
    /// The second stage comes so long after the end of the stream.
    LateSecondStage {
        /// How long after; not scaled by the pace.
        ms: u64,
    },
    /// A `stateDelta` with so many bytes of ballast.
    HugeDelta {
        /// Bytes.
        bytes: usize,
    },

    // --- state
    /// `draft` is `null`.
    DraftNull,
    /// There is no `draft`.
    DraftMissing,
    /// The draft has a track of a type nobody knows.
    UnknownTrack,

    // --- renders
    /// The render that is submitted fails.
    RenderFails {
        /// Its error text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The render that is submitted stays at `processing`.
    RenderStuck,
    /// A completed render comes without its URL.
    NoUrl,
}

/// What is known about a request when rules are tried.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) session: Option<&'a str>,
    pub(super) text: &'a str,
}

/// The rules of a running sandbox.
#[derive(Clone, Debug)]
pub struct FaultsHandle(Arc<Mutex<Vec<Armed>>>);

#[derive(Debug)]
struct Armed {
    rule: Rule,
    fitted: u32,
    struck: u32,
}

impl FaultsHandle {
    pub(super) fn new(faults: Faults) -> Self {
        let handle = Self(Arc::default());
        handle.set(faults);
        handle
    }

    /// Replaces all rules.
    pub fn set(&self, faults: Faults) {
        let armed = faults.rules.into_iter().map(Armed::new).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = armed;
    }

    /// Adds a rule behind the others.
    pub fn add(&self, rule: Rule) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Armed::new(rule));
    }

    /// The trouble that this request has; counts it.
    pub(super) fn strike(&self, seen: &Seen<'_>) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter_mut().filter_map(|armed| armed.try_on(seen)).collect()
    }

    /// The rules, with how often each has struck.
    pub(super) fn report(&self) -> Value {
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter().map(|armed| serde_json::json!({ "rule": armed.rule, "struck": armed.struck })).collect()
    }
}

impl Armed {
    fn new(rule: Rule) -> Self {
        Self { rule, fitted: 0, struck: 0 }
    }

    fn try_on(&mut self, seen: &Seen<'_>) -> Option<Fault> {
        let rule = &self.rule;
        let fits = rule.endpoint.is_none_or(|endpoint| endpoint == seen.endpoint)
            && rule.session.as_deref().is_none_or(|session| Some(session) == seen.session)
            && rule.text.as_ref().is_none_or(|text| seen.text.to_lowercase().contains(&text.to_lowercase()));
        if !fits {
            return None;
        }
        self.fitted += 1;
        if self.fitted < rule.nth || (rule.times > 0 && self.struck >= rule.times) {
            return None;
        }
        self.struck += 1;
        Some(rule.fault.clone())
    }
}
