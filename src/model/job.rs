//! A job: everything that costs money or takes long, and the states it may be in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Kind, Money};
use crate::model::request::Request;

/// Milliseconds since the Unix epoch, by the wall clock.
pub type EpochMs = i64;

/// Names a job for ever: `job_` and 32 hexadecimal digits, sorted by time of birth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// A name that no other job has.
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("job_{}", Uuid::now_v7().simple()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for JobId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let digits = text.strip_prefix("job_").unwrap_or_default();
        if digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Error::invalid("A job id looks like job_ and 32 hexadecimal digits.")
                .next("Take the id from an earlier answer, or list the jobs."))
        }
    }
}

/// Which service does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// NemoVideo.
    Nemo,
    /// SkillBoss.
    SkillBoss,
    /// The built-in emulator of the services. Never the real thing, always said.
    Sandbox,
}

impl Service {
    /// The name in arguments, results and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nemo => "nemo",
            Self::SkillBoss => "skillboss",
            Self::Sandbox => "sandbox",
        }
    }

    /// The name in sentences for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nemo => "NemoVideo",
            Self::SkillBoss => "SkillBoss",
            Self::Sandbox => "the sandbox",
        }
    }

    /// The same where a sentence begins.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Nemo => "NemoVideo",
            Self::SkillBoss => "SkillBoss",
            Self::Sandbox => "The sandbox",
        }
    }

    /// Whether nothing that it makes or charges is real.
    #[must_use]
    pub const fn is_rehearsal(self) -> bool {
        matches!(self, Self::Sandbox)
    }
}

impl FromStr for Service {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "nemo" => Ok(Self::Nemo),
            "skillboss" => Ok(Self::SkillBoss),
            "sandbox" => Ok(Self::Sandbox),
            _ => Err(Error::invalid(format!(
                "There is no service {text:?}; there are nemo, skillboss and sandbox."
            ))),
        }
    }
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// One message to the NemoVideo agent and its reply: generates or edits, costs credits.
    Turn,
    /// Timeline to file: free, takes half a minute.
    Render,
    /// A turn and then a render, under one name.
    Video,
    /// One call of a SkillBoss model: costs dollars.
    Run,
    /// Several runs, joined into one file.
    Film,
    /// A finished file goes into the bucket and before people: costs nothing here.
    Handover,
    /// One post of a clip on one channel: costs nothing here.
    Post,
}

impl JobKind {
    /// The name in results and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Render => "render",
            Self::Video => "video",
            Self::Run => "run",
            Self::Film => "film",
            Self::Handover => "handover",
            Self::Post => "post",
        }
    }
}

impl FromStr for JobKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "turn" => Ok(Self::Turn),
            "render" => Ok(Self::Render),
            "video" => Ok(Self::Video),
            "run" => Ok(Self::Run),
            "film" => Ok(Self::Film),
            "handover" => Ok(Self::Handover),
            "post" => Ok(Self::Post),
            _ => Err(Error::internal(format!("The ledger holds a job of unknown kind {text:?}."))),
        }
    }
}

/// Where a job stands.
///
/// `queued → submitting → running → ready → delivering → done`; aside: `needs_approval`, `uncertain`,
/// `failed`, `cancelled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Written down, nothing sent yet. Any dispatcher takes it.
    Queued,
    /// The paid request is on its way or its answer was lost. Next: `running`, or reading what became of it.
    Submitting,
    /// The service works on it. Next: asking how it goes.
    Running,
    /// The result exists at the service. Next: fetching it.
    Ready,
    /// The result is being fetched or stored. Done again from the start after a crash, to the same place.
    Delivering,
    /// Finished, everything is in our hands.
    Done,
    /// Waits for a person to agree to the price.
    NeedsApproval,
    /// A paid request may have arrived and nothing shows it. Waits for `jobs adopt` or an explicit new call.
    Uncertain,
    /// Ended without a result; the error says why and whether money moved.
    Failed,
    /// Stopped on request.
    Cancelled,
}

impl State {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Submitting,
        Self::Running,
        Self::Ready,
        Self::Delivering,
        Self::Done,
        Self::NeedsApproval,
        Self::Uncertain,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in results and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Delivering => "delivering",
            Self::Done => "done",
            Self::NeedsApproval => "needs_approval",
            Self::Uncertain => "uncertain",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the job moves no more by itself.
    #[must_use]
    pub const fn is_at_rest(self) -> bool {
        matches!(self, Self::Done | Self::NeedsApproval | Self::Uncertain | Self::Failed | Self::Cancelled)
    }

    /// Whether a step may lead from here to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use State::{
            Cancelled, Delivering, Done, Failed, NeedsApproval, Queued, Ready, Running, Submitting, Uncertain,
        };
        match self {
            Queued => {
                matches!(
                    next,
                    // Uncertain: a post that waits to be sent again under its key may be there from the first time.
                    Queued
                        | Submitting
                        | Running
                        | Delivering
                        | NeedsApproval
                        | Uncertain
                        | Failed
                        | Cancelled
                )
            }
            NeedsApproval => matches!(next, Queued | Failed | Cancelled),
            // Back to the queue only when the request surely had no effect.
            Submitting => {
                matches!(next, Queued | Submitting | Running | Ready | Done | Uncertain | Failed | Cancelled)
            }
            Running => matches!(next, Running | Ready | Done | Uncertain | Failed | Cancelled | Queued),
            Ready => matches!(next, Ready | Delivering | Running | Done | Failed | Cancelled),
            Delivering => matches!(next, Delivering | Ready | Done | Failed | Cancelled),
            Uncertain => matches!(next, Submitting | Running | Done | Failed | Cancelled),
            // Only on a person's word: a file that is here is delivered again, a post that was refused is sent anew.
            Failed => matches!(next, Queued | Running | Delivering),
            Done | Cancelled => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|state| state.name()).collect();
            Error::invalid(format!("There is no state {text:?}; there are {}.", names.join(", ")))
        })
    }
}

/// Why a job ended without a result, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// [`Kind::code`].
    pub code: String,
    /// What happened, a full sentence.
    pub message: String,
    /// What to do, a full sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// [`Money::code`].
    pub money: String,
    /// The service's own words, scrubbed and capped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.kind().code().to_owned(),
            message: error.message().to_owned(),
            next: error.next_step().map(str::to_owned),
            money: error.spent().code().to_owned(),
            quoted: error.quoted().map(str::to_owned),
        }
    }
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        let kind = Kind::from_code(&failure.code).unwrap_or(Kind::Internal);
        let mut error = Self::new(kind, &failure.message).money(Money::from_code(&failure.money));
        if let Some(next) = &failure.next {
            error = error.next(next);
        }
        if let Some(words) = &failure.quoted {
            error = error.quoting(words);
        }
        error
    }
}

/// One row of the ledger.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The composite that it belongs to.
    pub parent_id: Option<JobId>,
    /// What it does; agrees with `request`.
    pub kind: JobKind,
    /// Who does it.
    pub service: Service,
    /// The NemoVideo session it works in; known from the start for edits and exports, learnt on the way else.
    pub session_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// What was asked, never changed after the row was written.
    pub request: Request,
    /// What was learnt on the way: snapshots, remote ids, the reply, the file. Written by `jobs/` only.
    pub work: serde_json::Value,
    /// The same call twice gives the same job: unique among rows.
    pub dedupe_key: String,
    /// Paid or unrepeatable requests that were begun.
    pub attempts: u32,
    /// Why it ended badly, or what is uncertain.
    pub failure: Option<Failure>,
    /// What it is doing, for people; the service's words only if quoted.
    pub note: Option<String>,
    /// 0 to 100.
    pub progress_pct: Option<f64>,
    /// Somebody asked for an end.
    pub cancel_requested: bool,
    /// When the row was written.
    pub created_at_ms: EpochMs,
    /// When it changed last.
    pub updated_at_ms: EpochMs,
    /// When somebody must look at it again; none at rest.
    pub due_at_ms: Option<EpochMs>,
    /// Grows with each claim; a change under an older fence has no effect.
    pub fence: i64,
}
