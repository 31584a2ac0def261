//! What a turn learns on the way, as the ledger keeps it.

use serde::{Deserialize, Serialize};

use crate::model::job::EpochMs;
use crate::model::report::ActionReport;
use crate::nemo::Client;
use crate::nemo::turn::{Outcome, StreamEnd};
use crate::redact;

/// What a turn learns on the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::jobs) struct TurnWork {
    /// Times that the service could not be reached since the last progress.
    pub(in crate::jobs) faults: u64,
    /// Files and addresses that are in the session.
    pub(in crate::jobs) uploaded: usize,
    /// The next one was begun: after a crash, look before sending it again.
    pub(in crate::jobs) uploading: bool,
    /// The session before the message left, as the service sent it; forgotten when the job is at rest.
    pub(in crate::jobs) before: Option<String>,
    /// The balance before the message left.
    pub(in crate::jobs) credits_before: Option<Balance>,
    /// When it left.
    pub(in crate::jobs) sent_at_ms: EpochMs,
    /// What the stream said; none when the answer was lost.
    pub(in crate::jobs) heard: Option<Heard>,
    /// Looks at the session since the stream ended.
    pub(in crate::jobs) looks: u32,
    /// The balance after it.
    pub(in crate::jobs) credits_after: Option<Balance>,
    /// What changed, in words.
    pub(in crate::jobs) changes: Vec<String>,
    /// None of it can be seen on the timeline.
    pub(in crate::jobs) beside_timeline: bool,
    /// The timeline after it, in the skill's form.
    pub(in crate::jobs) timeline: Option<String>,
    /// Whether it can be exported.
    pub(in crate::jobs) exportable: bool,
    /// The reply without its GUI talk.
    pub(in crate::jobs) reply: String,
    /// Another turn of the account was under way meanwhile, so the balance does not tell what this one cost.
    pub(in crate::jobs) shared: bool,
    /// It did something, and also reported a failure.
    pub(in crate::jobs) failed_partly: bool,
    /// What the reply asked for.
    pub(in crate::jobs) actions: Vec<ActionReport>,
}

/// What the stream of a turn said, as far as it matters afterwards.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::jobs) struct Heard {
    /// The service closed the stream in order.
    pub(in crate::jobs) complete: bool,
    /// What the agent said, without a trailing apology.
    pub(in crate::jobs) words: String,
    /// An apology was all that it said.
    pub(in crate::jobs) only_apology: bool,
    /// It called tools, so the timeline may have changed.
    pub(in crate::jobs) used_tools: bool,
    /// The first failure that it reported; not for people as it stands.
    pub(in crate::jobs) error: Option<String>,
    /// The account ran out of credits on the way.
    pub(in crate::jobs) out_of_credits: bool,
}

impl From<&Outcome> for Heard {
    fn from(outcome: &Outcome) -> Self {
        Self {
            complete: outcome.end == StreamEnd::Complete,
            words: redact::scrub(&outcome.words()),
            only_apology: outcome.only_apology,
            used_tools: !outcome.tool_calls.is_empty(),
            error: outcome
                .errors
                .first()
                .or(outcome.tool_faults.first())
                .map(|error| redact::quote(error, 300)),
            out_of_credits: outcome.out_of_credits,
        }
    }
}

/// Credits at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::jobs) struct Balance {
    /// Can be spent.
    pub(in crate::jobs) available: f64,
    /// Reserved by running work.
    pub(in crate::jobs) frozen: f64,
    /// Both.
    pub(in crate::jobs) total: f64,
}

impl Balance {
    /// The account's credits now; a job does not fail for want of them.
    pub(in crate::jobs) async fn read(client: &Client) -> Option<Self> {
        let credits = client.credits().await.ok()?;
        Some(Self { available: credits.available, frozen: credits.frozen, total: credits.total })
    }
}
