//! Submission: the one request that costs. It is sent once, and what came of it is told in four words: accepted,
//! finished, refused, or doubtful.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use crate::error::{Error, Result};
use crate::money::Usd;
use crate::net::http::{self, Failure, Sent};
use crate::redact;
use crate::skillboss::call::{ANSWER_LIMIT_BYTES, Call, Effect, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::dialect::{Ids, Remote};
use crate::skillboss::errors::{self, Attempted};
use crate::skillboss::inputs::{Inputs, Spelling};
use crate::skillboss::refusal::Refusal;
use crate::skillboss::status::{Phase, Report};
use crate::skillboss::template::TemplateUpdate;
use crate::skillboss::wire::{Answer, Body, Head};

/// A clip that comes as the answer itself.
const FILE_LIMIT_BYTES: usize = 128 * 1024 * 1024;

/// What is to be done, for how much at most.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The id of the model.
    pub model: String,
    /// The work.
    pub work: Work,
    /// How the result comes.
    pub mode: Mode,
    /// Another one for every request that differs by a byte; it makes a repeat harmless, if the service keeps its promise.
    pub idempotency_key: String,
    /// The most that this call may cost; sent as `X-Max-Cost-Usd`, rounded up to the cent.
    pub max_cost: Usd,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Work {
    /// Make a clip.
    Clip(Inputs),
    /// Change a template.
    Template(TemplateUpdate),
}

/// How the result comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The answer names a job, which is then asked for; with an address, the service calls there too.
    Async {
        /// A public https address; see [`check_address`](crate::skillboss::webhook::check_address).
        webhook_url: Option<Url>,
    },
    /// The answer is the result. For template updates and for tests: a clip takes longer than connections live.
    Sync,
}

/// What came of a submission.
#[derive(Debug)]
pub enum Submitted {
    /// There is a job.
    Accepted(Box<Accepted>),
    /// It is over already.
    Finished(Box<Finished>),
    /// It surely had no effect: it was not sent, or the service refused it in a documented way. The error's kind says
    /// what to do, and [`wait_s`](Error::wait_s) when.
    Refused {
        /// Why.
        error: Error,
        /// What the headers said, to quote to support.
        ids: Ids,
    },
    /// It may have arrived. It must never be sent again by itself.
    Doubtful {
        /// Why nobody knows, as [`Kind::Uncertain`](crate::error::Kind::Uncertain).
        error: Error,
        /// What the headers said; a job by `request_id` can be asked for.
        ids: Ids,
    },
}

/// A job that the service took.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// How it is named there.
    pub remote: Remote,
    /// What the headers said.
    pub ids: Ids,
    /// What the answer said beside the name; usually only its phase.
    pub report: Report,
}

/// Work that was done when the answer came.
#[derive(Debug)]
pub struct Finished {
    /// How it is named, if it is.
    pub remote: Option<Remote>,
    /// What the headers said.
    pub ids: Ids,
    /// The outcome: completed, failed or cancelled.
    pub report: Report,
    /// The clip itself, when the answer was one.
    pub file: Option<Bytes>,
}

impl Client {
    /// How long [`submit`](Self::submit) takes at most: a minute, and more for large pictures.
    #[must_use]
    pub fn submit_limit(&self, submission: &Submission) -> Duration {
        match (&submission.mode, &submission.work) {
            (Mode::Sync, _) => self.timing.sync,
            (Mode::Async { .. }, Work::Clip(inputs)) => self.timing.submit_limit(inputs.picture_bytes()),
            (Mode::Async { .. }, Work::Template(_)) => self.timing.submit,
        }
    }

    /// Sends it, once: no redirect is followed and nothing is repeated. `seen` is awaited as soon as the headers named
    /// the request, before the body is read, so that the name is kept whatever happens then.
    pub async fn submit<F, W>(&self, submission: &Submission, seen: F) -> Submitted
    where
        F: FnOnce(Ids) -> W,
        W: Future<Output = ()>,
    {
        let request = match self.prepare(submission) {
            Ok(request) => request,
            Err(error) => return Submitted::Refused { error, ids: Ids::default() },
        };
        let limit = self.submit_limit(submission);
        let tried = self.tried(submission);
        let mut deadline = Instant::now() + limit;
        let response = match http::send(request, limit).await {
            Ok(response) => response,
            Err(failure) => return after(&failure, &tried, Ids::default()),
        };
        let head = Head::of(response.status().as_u16(), response.headers(), (self.timing.now)());
        if head.status == 429 {
            self.pace.too_fast();
        }
        if head.status < 300 && !head.ids.is_empty() {
            let begun = Instant::now();
            seen(head.ids.clone()).await;
            // Our own writing is no fault of the service.
            deadline += begun.elapsed();
        }
        let most = if head.is_video() { FILE_LIMIT_BYTES } else { ANSWER_LIMIT_BYTES };
        match http::whole_body(response, deadline, most).await {
            Ok(body) => self.judge(Answer::new(head, body), submission, &tried),
            // A refusal needs no more words than its status.
            Err(_) if head.status >= 300 => self.judge(Answer::new(head, Vec::new()), submission, &tried),
            Err(failure) => after(&failure, &tried, head.ids),
        }
    }

    fn prepare(&self, submission: &Submission) -> Result<RequestBuilder> {
        if submission.max_cost <= Usd::ZERO {
            return Err(Error::invalid("A paid call needs a cap above $0.00."));
        }
        if let Mode::Async { webhook_url: Some(url) } = &submission.mode {
            self.guard.vet(url)?;
        }
        let body = submission.body(self.spelling())?;
        let Some(key) = self.key_for(Plane::Data)? else { return Err(errors::no_key()) };
        redact::never_show(key);
        let request = self
            .data_http
            .writes()?
            .request(Method::POST, self.data(&["run"])?)
            .bearer_auth(key.reveal())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", &submission.idempotency_key)
            .header("x-max-cost-usd", submission.max_cost.to_header())
            .body(body);
        Ok(request)
    }

    fn tried<'a>(&'a self, submission: &'a Submission) -> Attempted<'a> {
        Attempted {
            what: match submission.work {
                Work::Clip(_) => "make the clip",
                Work::Template(_) => "change the template",
            },
            model: Some(&submission.model),
            cap: Some(submission.max_cost),
            wholesale: self.is_wholesale(),
            host: self.settings.api_url.host_str().unwrap_or_default(),
            costly: true,
        }
    }

    /// Decides what an answer means for the money.
    fn judge(&self, answer: Answer, submission: &Submission, tried: &Attempted<'_>) -> Submitted {
        let ids = answer.head.ids.clone();
        if let Some(refusal) = Refusal::of(&answer) {
            if refusal.proves_no_effect(tried.wholesale) {
                return Submitted::Refused { error: errors::explain(&refusal, tried), ids };
            }
            let error = errors::uncertain(tried, "the service failed while it answered");
            let named = Remote::of(answer.json(), &ids, &self.settings.api_url).map(|remote| remote.id);
            // A proxy names its own failures; only the service's own answer names a job.
            let from_head = ids.request_id.filter(|_| refusal.http == 500 || refusal.http < 300);
            let ids = Ids { request_id: from_head.or(named), record_id: ids.record_id };
            return Submitted::Doubtful { error: error.quoting(&refusal.words), ids };
        }
        let mut report = Report::of(&answer, self.settings.allow_loopback);
        let remote = [answer.json(), &answer.json()["data"], &answer.json()["job"]]
            .into_iter()
            .find_map(|body| Remote::of(body, &ids, &self.settings.api_url));
        let file = match answer.body {
            Body::File(bytes) => Some(bytes),
            Body::Json { .. } | Body::Text(_) => None,
        };
        // The answer to a template update is whatever the vendor says; it has no state.
        let done =
            file.is_some() || matches!((&submission.work, &submission.mode), (Work::Template(_), Mode::Sync));
        if done && remote.is_none() && report.phase == Phase::Unknown && report.is_json_or(file.is_some()) {
            report.phase = Phase::Completed;
        }
        match (remote, report.phase) {
            (Some(remote), Phase::Queued | Phase::Running | Phase::Unknown) => {
                Submitted::Accepted(Box::new(Accepted { remote, ids, report }))
            }
            (remote, Phase::Completed | Phase::Failed | Phase::Cancelled) => {
                Submitted::Finished(Box::new(Finished { remote, ids, report, file }))
            }
            (None, _) => Submitted::Doubtful {
                error: errors::uncertain(tried, "the answer names neither a job nor a result"),
                ids,
            },
        }
    }
}

impl Submission {
    fn body(&self, spelling: Spelling) -> Result<String> {
        let inputs = match &self.work {
            Work::Clip(inputs) => inputs.to_json(spelling)?,
            Work::Template(update) => update.to_json(),
        };
        let mut body = json!({"model": self.model, "inputs": inputs});
        if let Some(fields) = body.as_object_mut() {
            if spelling == Spelling::Standard {
                // Another model would have another price.
                fields.insert("auto_fallback".to_owned(), Value::Bool(false));
            }
            if let Mode::Async { webhook_url } = &self.mode {
                fields.insert("async".to_owned(), Value::Bool(true));
                if let Some(url) = webhook_url {
                    fields.insert("webhook_url".to_owned(), Value::String(url.to_string()));
                }
            }
        }
        Ok(body.to_string())
    }
}

/// A request without an answer.
fn after(failure: &Failure, tried: &Attempted<'_>, ids: Ids) -> Submitted {
    let error = errors::lost(failure, tried);
    match failure.sent {
        Sent::No => Submitted::Refused { error, ids },
        Sent::Perhaps => Submitted::Doubtful { error, ids },
    }
}

impl Client {
    /// The call of a question that costs.
    pub(super) fn paid<'a>(&self, what: &'a str, url: Url, body: Value, cap: Usd) -> Call<'a> {
        Call { cap: Some(cap), ..Call::post(what, Plane::Data, url, Some(body), Effect::Once) }
    }
}
