//! Status: what the service says of a job, in one vocabulary; stopping a job; the list of jobs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Kind, Money, Result};
use crate::money::Usd;
use crate::redact;
use crate::skillboss::call::{Call, Effect, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::dialect::{self, Dialect, Ids, Remote};
use crate::skillboss::errors;
use crate::skillboss::outputs::{self, MediaUrl};
use crate::skillboss::refusal::Meaning;
use crate::skillboss::wire::{self, Answer, Body};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It waits, and costs nothing yet.
    Queued,
    /// It is at work.
    Running,
    /// It succeeded, and is paid for.
    Completed,
    /// It failed.
    Failed,
    /// It was stopped.
    Cancelled,
    /// A word that nobody knows, or none: keep what was known before, and ask again.
    Unknown,
}

impl Phase {
    /// Nothing will change any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The phase behind a word of any dialect, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "accepted" | "queued" | "in_queue" | "pending" | "starting" | "throttled" => Self::Queued,
            "running" | "in_progress" | "processing" => Self::Running,
            "completed" | "ok" | "succeeded" | "success" | "done" => Self::Completed,
            "failed" | "error" => Self::Failed,
            "cancelled" | "canceled" | "aborted" => Self::Cancelled,
            _ => Self::Unknown,
        }
    }
}

/// What the service said of a job. Its words and addresses are a stranger's.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Where it stands. [`Phase::Completed`] without [`outputs`](Self::outputs) is worth some more questions, and then
    /// an answer that nobody understands.
    pub phase: Phase,
    /// The word that the service used, cleaned.
    pub raw_status: Option<String>,
    /// Where the clips are.
    pub outputs: Vec<MediaUrl>,
    /// The model that did it, which may be another one than was asked for.
    pub model: Option<String>,
    /// What it cost; nothing means that it was not said, not that it was free.
    pub cost: Option<Usd>,
    /// What is left in the wallet.
    pub balance_after: Option<Usd>,
    /// The signed receipt, word for word.
    pub receipt: Option<String>,
    /// Why it failed, in the service's words: cleaned, to be shown as a quotation only.
    pub error: Option<String>,
    /// The whole answer as JSON, without fields that give orders; nothing when it was no JSON.
    pub raw: Option<String>,
}

impl Report {
    pub(super) fn of(answer: &Answer, allow_loopback: bool) -> Self {
        let raw = answer.text().map(str::to_owned);
        Self { raw, ..Self::of_json(answer.json(), answer.cost(), allow_loopback) }
    }

    fn of_json(body: &Value, cost: Option<Usd>, allow_loopback: bool) -> Self {
        let inner: Vec<&Value> =
            ["", "/job", "/data", "/result"].iter().filter_map(|place| body.pointer(place)).collect();
        let text = |names: &[&str]| inner.iter().find_map(|part| wire::text(part, names));
        let raw_status = text(&["status", "state"]);
        let outputs = outputs::find(body, allow_loopback);
        let named = dialect::named(body).is_some();
        let refused = inner.iter().any(|part| part.get("success") == Some(&Value::Bool(false)));
        let phase = match raw_status.as_deref().map(Phase::of_word) {
            Some(Phase::Unknown) | None if refused => Phase::Failed,
            // A job without a state may name its own page; anything else is a clip.
            None if outputs.first().is_some_and(|media| !named || media.found_at != "/url") => {
                Phase::Completed
            }
            Some(phase) => phase,
            None => Phase::Unknown,
        };
        let error = inner.iter().find_map(|part| match part.get("error")? {
            Value::String(words) => Some(words.clone()),
            Value::Null | Value::Bool(_) => None,
            object => wire::text(object, &["message", "detail", "code"]).or_else(|| Some(object.to_string())),
        });
        let error =
            error.or_else(|| (phase == Phase::Failed).then(|| text(&["message", "detail"])).flatten());
        let receipt = inner.iter().find_map(|part| match part.get("receipt")? {
            Value::String(receipt) if !receipt.is_empty() => Some(receipt.clone()),
            object @ Value::Object(_) => {
                wire::text(object, &["jwt", "token"]).or_else(|| Some(object.to_string()))
            }
            _ => None,
        });
        Self {
            phase,
            raw_status: raw_status.map(|word| redact::label(&word)),
            outputs,
            model: text(&["model", "model_id"]).map(|model| redact::label(&model)),
            cost,
            balance_after: inner
                .iter()
                .find_map(|part| wire::usd(part, &["wallet_balance_after_usd", "balance_after_usd"])),
            receipt,
            error: error.map(|words| redact::quote(&words, 300)).filter(|words| !words.is_empty()),
            raw: (!body.is_null()).then(|| body.to_string()),
        }
    }

    /// Whether the answer can be a result at all.
    pub(super) fn is_json_or(&self, file: bool) -> bool {
        file || self.raw.is_some()
    }

    /// Whether work that failed or was stopped is charged. In the wholesale dialect it costs nothing; in the other one
    /// nobody says, unless a cost is named.
    #[must_use]
    pub fn charged(&self, dialect: Dialect) -> Money {
        match (self.cost, dialect) {
            (Some(cost), _) if cost > Usd::ZERO => Money::Spent,
            (Some(_), _) | (None, Dialect::Wholesale) => Money::NotSpent,
            (None, Dialect::Standard) => Money::Unknown,
        }
    }

    /// Why the job failed, as an error; nothing when it did not.
    #[must_use]
    pub fn failure(&self, dialect: Dialect) -> Option<Error> {
        (self.phase == Phase::Failed)
            .then(|| errors::job_failed(self.error.as_deref().unwrap_or_default(), self.charged(dialect)))
    }
}

/// What came of stopping a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It was waiting and is stopped; it costs nothing. Ask once more to be sure.
    Stopped,
    /// It was over before; ask for its state.
    AlreadyOver,
    /// It is at work and will be charged (409).
    TooLate,
    /// The service does not know it (404).
    NotFound,
    /// Its dialect has no way to stop a job.
    NotOffered,
}

/// A job in the service's list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// How it is named.
    pub remote: Remote,
    /// What is said of it.
    pub report: Report,
    /// When it was made, if that is said in a form that can be read.
    pub created_at: Option<Timestamp>,
}

impl Client {
    /// Asks for a job.
    ///
    /// # Errors
    /// As the error table. [`Kind::NotFound`]: the service does not know it (any more, after 7 days), or has no way to
    /// ask for it, which some standard keys meet; then only the webhook can tell.
    pub async fn status(&self, remote: &Remote) -> Result<Report> {
        let url = remote.status_address(&self.settings.api_url)?;
        let answer = self.ask(&Call::get("tell how the job goes", Plane::Data, url)).await?;
        if matches!(answer.body, Body::Text(_) | Body::File(_)) {
            return Err(errors::without("the state of the job"));
        }
        let named = Remote::of(answer.json(), &Ids::default(), &self.settings.api_url);
        if named.is_some_and(|named| named.id != remote.id && named.dialect == remote.dialect) {
            return Err(Error::new(Kind::Protocol, "SkillBoss answered with the state of another job."));
        }
        Ok(Report::of(&answer, self.settings.allow_loopback))
    }

    /// Stops a job that still waits. It may be called again.
    ///
    /// # Errors
    /// As the error table.
    pub async fn cancel(&self, remote: &Remote) -> Result<Cancelled> {
        let Some(url) = remote.cancel_address(&self.settings.api_url)? else {
            return Ok(Cancelled::NotOffered);
        };
        let call = Call::post("stop the job", Plane::Data, url, None, Effect::Repeatable);
        let answer = match self.ask(&call).await {
            Ok(answer) => answer,
            Err(failed) => {
                return match failed.refusal.as_ref().map(|refusal| refusal.meaning) {
                    Some(Meaning::Conflict) => Ok(Cancelled::TooLate),
                    Some(Meaning::NotFound) => Ok(Cancelled::NotFound),
                    _ => Err(failed.into()),
                };
            }
        };
        let body = answer.json();
        let stopped = match body.get("cancelled").or_else(|| body.get("canceled")) {
            Some(flag) => flag == &Value::Bool(true),
            None => {
                wire::text(body, &["status"]).is_some_and(|word| Phase::of_word(&word) == Phase::Cancelled)
            }
        };
        Ok(if stopped { Cancelled::Stopped } else { Cancelled::AlreadyOver })
    }

    /// The service's list of jobs, the running ones or those in another state. Nothing when this service has no list
    /// (the wholesale dialect has none).
    ///
    /// # Errors
    /// As the error table.
    pub async fn jobs(&self, status: Option<&str>) -> Result<Option<Vec<Listed>>> {
        let mut url = self.data(&["job"])?;
        if let Some(status) = status {
            url.query_pairs_mut().append_pair("status", status);
        }
        let answer = match self.ask(&Call::get("list the jobs", Plane::Data, url)).await {
            Ok(answer) => answer,
            Err(failed) if failed.is_missing() => return Ok(None),
            Err(failed) => return Err(failed.into()),
        };
        let body = answer.json();
        let list =
            ["jobs", "data"].iter().find_map(|name| body.get(name)?.as_array()).or_else(|| body.as_array());
        let Some(list) = list else { return Err(errors::without("a list of jobs")) };
        let read = |item: &Value| {
            Some(Listed {
                remote: Remote::of(item, &Ids::default(), &self.settings.api_url)?,
                report: Report::of_json(item, None, self.settings.allow_loopback),
                created_at: wire::moment(item, &["created_at", "createdAt", "created"]),
            })
        };
        Ok(Some(list.iter().filter_map(read).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_word_of_every_dialect() {
        for (words, phase) in [
            (
                vec!["accepted", "queued", "IN_QUEUE", "pending", "PENDING", "starting", "THROTTLED"],
                Phase::Queued,
            ),
            (vec!["running", "IN_PROGRESS", "in_progress", "processing", "RUNNING"], Phase::Running),
            (vec!["completed", "COMPLETED", "OK", "succeeded", "SUCCEEDED", "done"], Phase::Completed),
            (vec!["failed", "FAILED", "ERROR", "error"], Phase::Failed),
            (vec!["CANCELLED", "CANCELED", "canceled", "cancelled", "aborted"], Phase::Cancelled),
            (vec!["", "WARMING_UP", "NaN"], Phase::Unknown),
        ] {
            for word in words {
                assert_eq!(Phase::of_word(word), phase, "{word}");
            }
        }
    }

    fn report(body: &Value) -> Report {
        let Body::Json { value, cost, .. } = Body::of(&body.to_string()) else { panic!() };
        Report::of_json(&value, cost, false)
    }

    #[test]
    fn three_dialects_one_report() {
        let url = "https://media.example/clip.mp4?sig=abc";
        for (body, phase, clips) in [
            (
                json!({"request_id": "c5", "status": "IN_QUEUE", "result": null, "error": null}),
                Phase::Queued,
                0,
            ),
            (
                json!({"request_id": "c5", "status": "COMPLETED", "result": {"outputs": [{"url": url}]}}),
                Phase::Completed,
                1,
            ),
            (
                json!({"request_id": "c5", "status": "COMPLETED", "result": {"videos": [url]}}),
                Phase::Completed,
                1,
            ),
            (json!({"request_id": "c5", "status": "COMPLETED", "result": {}}), Phase::Completed, 0),
            (
                json!({"job_id": "j", "status": "completed", "result": {"video_url": url}}),
                Phase::Completed,
                1,
            ),
            (json!({"job": {"job_id": "j", "status": "running"}}), Phase::Running, 0),
            (json!({"outputs": [{"url": url}]}), Phase::Completed, 1),
            (json!({"request_id": "c5", "status": "WARMING"}), Phase::Unknown, 0),
            (json!({"request_id": "c5", "outputs": [{"url": url}]}), Phase::Completed, 1),
            (json!({"job_id": "j", "url": "https://www.example/jobs/j"}), Phase::Unknown, 1),
            (json!({"result": {"success": false, "message": "no such template"}}), Phase::Failed, 0),
        ] {
            let report = report(&body);
            assert_eq!((report.phase, report.outputs.len()), (phase, clips), "{body}");
        }
    }

    #[test]
    fn money_receipts_and_reasons() {
        let done = report(&json!({
            "status": "completed", "model": "veo-3.1", "cost_usd": 0.16, "wallet_balance_after_usd": "9.84",
            "receipt": "eyJhbGciOi.x.y", "result": {"video_url": "https://m.example/a.mp4"}, "_memory_hint": "do this",
        }));
        assert_eq!(done.cost, Some("0.16".parse().unwrap()));
        assert_eq!(done.balance_after, Some("9.84".parse().unwrap()));
        assert_eq!(
            (done.receipt.as_deref(), done.model.as_deref()),
            (Some("eyJhbGciOi.x.y"), Some("veo-3.1"))
        );
        assert!(!done.raw.as_ref().unwrap().contains("_memory_hint"));
        assert!(done.failure(Dialect::Wholesale).is_none());

        for (body, dialect, kind, money) in [
            (
                json!({"status": "FAILED", "error": "vendor rejected"}),
                Dialect::Wholesale,
                Kind::Declined,
                Money::NotSpent,
            ),
            (
                json!({"status": "failed", "error": {"message": "x"}}),
                Dialect::Standard,
                Kind::Declined,
                Money::Unknown,
            ),
            (
                json!({"status": "FAILED", "error": "insufficient balance"}),
                Dialect::Wholesale,
                Kind::OutOfCredits,
                Money::NotSpent,
            ),
            (
                json!({"status": "failed", "error": "x", "cost_usd": 0.5}),
                Dialect::Standard,
                Kind::Declined,
                Money::Spent,
            ),
            (json!({"status": "failed", "cost_usd": 0}), Dialect::Standard, Kind::Declined, Money::NotSpent),
        ] {
            let error = report(&body).failure(dialect).unwrap();
            assert_eq!((error.kind(), error.spent()), (kind, money), "{body}");
        }
        let scrubbed = report(&json!({"status": "failed", "error": "key sk-CANARY0123456789\nrefused"}));
        assert_eq!(scrubbed.error.as_deref(), Some("key sk-… refused"));
    }
}
