//! The kinds of trouble, for both services.

use serde::{Deserialize, Serialize};

use super::ErrorShape;

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
    /// Answers with an error, in any of the shapes that SkillBoss and the proxies before it are known for.
    Error {
        /// HTTP status; [`ErrorShape::CodeIn200`] puts it into the body.
        #[serde(default = "internal", skip_serializing_if = "is_internal")]
        status: u16,
        /// The body.
        #[serde(default)]
        shape: ErrorShape,
        /// A word for machines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Words for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// A `Retry-After` header, word for word: seconds or a date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
        /// The work is done first, so that the error hides a success.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        after_work: bool,
        /// The error still carries `x-request-id` and `x-record-id` of the hidden success.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep_ids: bool,
    },
    /// Sends the client elsewhere with a 302.
    Redirect {
        /// Where; the metadata address of cloud machines when absent.
        #[serde(default = "metadata", skip_serializing_if = "String::is_empty")]
        to: String,
    },
    /// A body of so many zeros, announced in full.
    HugeBody {
        /// Bytes.
        bytes: u64,
    },
    /// Fields in the answer that try to give the client orders.
    MemoryHint,

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

    // --- SkillBoss: run
    /// The model is no longer offered.
    ModelGone,
    /// The discount pool of the lite tier is full: 503, for lite models only.
    NoCapacity,
    /// The clip is as short as the model can make it, whatever was asked; nobody is told.
    ClampDuration,
    /// Another model does the work, as a gateway that falls back does.
    OtherModel {
        /// Which.
        model: String,
    },
    /// A call that wanted to wait is answered with 202 and a job.
    SyncUpgrade,
    /// The addresses in a 202 lead to another host.
    ForeignUrls {
        /// Which, for example `https://evil.example`.
        #[serde(default = "foreign", skip_serializing_if = "String::is_empty")]
        origin: String,
    },
    /// The job never leaves the queue.
    StuckInQueue,
    /// The job never ends.
    StuckInProgress,
    /// The job fails at the vendor's.
    JobFails {
        /// Its error text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The balance turns out too low when the work is done: failed, not charged.
    LateNoFunds,
    /// On `run` the charge, on `estimate` the estimate is so many times the true price.
    WrongPrice {
        /// 2 is twice the price.
        factor: f64,
    },
    /// The wallet loses so many times what the answer and the receipt say.
    Overcharge {
        /// 2 is twice the price.
        factor: f64,
    },
    /// The job's webhook is never sent.
    WebhookLost,
    /// The job's webhook comes so long after the end.
    WebhookLate {
        /// How long; not scaled by the pace.
        ms: u64,
    },
    /// The job's webhook comes twice.
    WebhookTwice,
    /// The job is done and its webhook delivered before the submission is answered.
    WebhookEarly,
    /// A stranger's webhook comes first: success, with a link to a foreign host.
    WebhookForged,
    /// The job's webhook waits until another job's has been sent (five seconds at most).
    WebhookReordered,
    /// The job's webhook has no signature though a secret is set.
    WebhookUnsigned,
    /// The job's webhook has a wrong signature.
    WebhookBadSignature,

    // --- SkillBoss: run, job, run_status
    /// The link to the result lies elsewhere in the body.
    ResultShape {
        /// Keys from the root, `[]` for a list of one: `outputs[].url`, `output.video_url`, `data[]`, `[]`.
        /// `binary` on a waiting call is the file itself.
        shape: String,
    },
    /// Finished, without a link.
    NoMedia,
    /// Finished, without price and receipt.
    NoCost,
    /// The status is this word.
    OddStatus {
        /// For example `THROTTLED`.
        word: String,
    },
}

fn internal() -> u16 {
    500
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_internal(status: &u16) -> bool {
    *status == internal()
}

fn metadata() -> String {
    "http://169.254.169.254/latest/meta-data/".to_owned()
}

fn foreign() -> String {
    "https://elsewhere.example".to_owned()
}
