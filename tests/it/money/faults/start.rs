//! Where a job stands when the engine meets it, and which key pays.

use firstcut::app::App;
use firstcut::ledger::{Change, Charge, ChargeSource, Ledger, Office};
use firstcut::model::job::{Job, State};
use firstcut::money::Usd;
use firstcut::sandbox::{Endpoint, STANDARD_KEY, WHOLESALE_KEY};
use firstcut::skillboss::Remote;
use serde_json::{Value, json};

use crate::home::Home;
use crate::money::till::{MODEL, PRICE_MICROS, order, wish};

/// Where a job stands when the engine meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Start {
    Queued,
    QueuedAndStopped,
    /// The attempt is written down and never left.
    NeverArrived,
    /// The service has it, and its answer died.
    AnswerLost,
    /// The same, but its name was heard.
    NameHeard,
    Refused,
    Running,
    RunningAndStopped,
    Ready,
    Delivering,
}

pub(super) const STARTS: [Start; 10] = [
    Start::Queued,
    Start::QueuedAndStopped,
    Start::NeverArrived,
    Start::AnswerLost,
    Start::NameHeard,
    Start::Refused,
    Start::Running,
    Start::RunningAndStopped,
    Start::Ready,
    Start::Delivering,
];

/// Which key pays, and so which dialect is spoken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    Wholesale,
    Standard,
}

impl Key {
    fn words(self) -> &'static str {
        match self {
            Self::Wholesale => WHOLESALE_KEY,
            Self::Standard => STANDARD_KEY,
        }
    }

    pub(super) async fn home(self) -> Home {
        let mut home = Home::paying(|_| {}).await;
        if self == Self::Standard {
            home.set("SKILLBOSS_WHOLESALE_KEY", "");
            home.set("SKILLBOSS_API_KEY", STANDARD_KEY);
        }
        home.set("FIRSTCUT_POLL_S", "0.05");
        home
    }

    /// The same trouble in this dialect; none where it has no such thing.
    pub(super) fn endpoint(self, endpoint: Endpoint) -> Option<Endpoint> {
        match (self, endpoint) {
            (Self::Standard, Endpoint::RunStatus) => Some(Endpoint::Job),
            (Self::Standard, Endpoint::RunCancel) => None,
            (_, endpoint) => Some(endpoint),
        }
    }
}

/// Brings a job to its start as a process would that died there.
pub(super) async fn begin(home: &Home, app: &App, start: Start, key: Key) -> Job {
    let ledger = app.ledger().await.unwrap();
    let prompt = format!("a lake, {start:?}");
    let job = order(home, app, wish(&prompt)).await.unwrap();
    let now_ms = app.now_ms();
    if start == Start::Queued {
        // Nobody takes it before all are ready.
        return job;
    }
    if start == Start::QueuedAndStopped {
        return ledger.request_cancel(&job.id, now_ms).await.unwrap();
    }
    // Held for a moment only; others that are due go along and are free again after it.
    let held = ledger.claim(Office::Real, "the dead", now_ms, 1, 100).await.unwrap();
    let held = held.into_iter().find(|held| held.id == job.id).unwrap();
    let n = ledger.begin_attempt(&held, json!({}), now_ms).await.unwrap().unwrap();
    if start == Start::NeverArrived {
        return held;
    }
    use firstcut::ledger::AttemptState::{Accepted, Rejected};
    if start == Start::Refused {
        ledger.end_attempt(&job.id, n, Rejected, None, Value::Null, now_ms).await.unwrap();
        return held;
    }
    let name = send(home, &job, &prompt, key).await;
    if start == Start::AnswerLost {
        return held;
    }
    ledger.note_attempt(&job.id, n, Some(&name), Value::Null, now_ms).await.unwrap();
    if start == Start::NameHeard {
        return held;
    }
    ledger.end_attempt(&job.id, n, Accepted, Some(&name), Value::Null, now_ms).await.unwrap();
    let work = json!({ "remote": Remote::by_id(&name).unwrap(), "sent_at_ms": now_ms });
    let goes_on = |state, work| Change {
        state: Some(state),
        work: Some(work),
        due_at_ms: Some(Some(now_ms)),
        keep_lease: true,
        ..Change::default()
    };
    record(ledger, &held, goes_on(State::Running, work.clone())).await;
    match start {
        Start::RunningAndStopped => return ledger.request_cancel(&job.id, now_ms).await.unwrap(),
        Start::Running => return held,
        _ => {}
    }
    let charged = Usd::from_micros(PRICE_MICROS);
    let charge = Charge::Settled { charged, source: ChargeSource::Answer, receipt: None };
    let mut work = work;
    work["completed_at_ms"] = now_ms.into();
    let ready = Change { charge: Some(charge), ..goes_on(State::Ready, work.clone()) };
    record(ledger, &held, ready).await;
    if start == Start::Delivering {
        record(ledger, &held, goes_on(State::Delivering, work)).await;
    }
    held
}

async fn record(ledger: &Ledger, held: &Job, change: Change) {
    let recorded = ledger.record(held, change, "the dead", 1).await.unwrap();
    assert!(matches!(recorded, firstcut::ledger::Recorded::Done(_)), "{recorded:?}");
}

/// What the dead process sent; gives the service's name for it when the work is done.
async fn send(home: &Home, job: &Job, prompt: &str, key: Key) -> String {
    let body = json!({ "model": MODEL, "async": true,
        "inputs": { "prompt": prompt, "duration_seconds": 4, "resolution": "720p", "aspect_ratio": "16:9" } });
    let sent = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/run", home.sandbox.skillboss.api_url()))
        .bearer_auth(key.words())
        .header("idempotency-key", format!("{}.1", job.id))
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer: Value = serde_json::from_str(&sent.send().await.unwrap().text().await.unwrap()).unwrap();
    let name = answer.get("request_id").or(answer.get("job_id")).and_then(Value::as_str);
    let name = name.unwrap_or_else(|| panic!("{answer}")).to_owned();
    home.until("the work is done", |home| {
        home.sandbox.skillboss.charges().iter().any(|bill| bill.id == name)
    })
    .await;
    name
}
