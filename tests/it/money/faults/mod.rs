//! From every state, with every fault, to rest; and then once more, and once more: rest is stable, nothing is sent
//! again, and what was set aside is settled, freed or kept as it must be.

use std::time::Duration;

use firstcut::app::App;
use firstcut::jobs::engine::{self, Reach};
use firstcut::ledger::{Change, Charge, ChargeSource, Ledger, Office};
use firstcut::model::job::{Job, State};
use firstcut::money::Usd;
use firstcut::sandbox::{Clips, Close, Endpoint, ErrorShape, Fault, Rule, STANDARD_KEY, WHOLESALE_KEY};
use firstcut::skillboss::Remote;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::till::{MODEL, PRICE_MICROS, all, booked, nothing_is_lost, order, rest, wish};
use crate::home::Home;
use crate::patience::PATIENCE;

/// Homes under way at once; most of them wait.
const AT_ONCE: usize = 24;
/// A rule strikes so often: every job meets it about once, and its repetition too.
const TIMES: u32 = 12;

/// Where a job stands when the engine meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
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

const STARTS: [Start; 10] = [
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
enum Key {
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

    async fn home(self) -> Home {
        let mut home = Home::paying(|_| {}).await;
        if self == Self::Standard {
            home.set("SKILLBOSS_WHOLESALE_KEY", "");
            home.set("SKILLBOSS_API_KEY", STANDARD_KEY);
        }
        home.set("FIRSTCUT_POLL_S", "0.05");
        home
    }

    /// The same trouble in this dialect; none where it has no such thing.
    fn endpoint(self, endpoint: Endpoint) -> Option<Endpoint> {
        match (self, endpoint) {
            (Self::Standard, Endpoint::RunStatus) => Some(Endpoint::Job),
            (Self::Standard, Endpoint::RunCancel) => None,
            (_, endpoint) => Some(endpoint),
        }
    }
}

/// Brings a job to its start as a process would that died there.
async fn begin(home: &Home, app: &App, start: Start, key: Key) -> Job {
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

fn status(status: u16) -> Fault {
    // Unasked, we are slower than a test may be.
    Fault::Status { status, code: None, message: None, retry_after_s: (status == 429).then_some(1) }
}

fn error(status: u16, shape: ErrorShape, after_work: bool, keep_ids: bool) -> Fault {
    Fault::Error { status, shape, code: None, message: None, retry_after: None, after_work, keep_ids }
}

const SHAPES: [ErrorShape; 8] = [
    ErrorShape::Object,
    ErrorShape::Word,
    ErrorShape::Quote,
    ErrorShape::Detail,
    ErrorShape::Message,
    ErrorShape::CodeIn200,
    ErrorShape::Text,
    ErrorShape::Html,
];

/// Every fault that can end.
fn faults() -> Vec<(Endpoint, Fault)> {
    use Endpoint::{Media, Run, RunCancel, RunStatus};
    let mut faults = vec![
        (Run, Fault::ModelGone),
        (Run, Fault::NoCapacity),
        (Run, Fault::ForeignUrls { origin: "https://elsewhere.example".to_owned() }),
        (Run, Fault::JobFails { message: None }),
        (Run, Fault::LateNoFunds),
        (Run, Fault::WrongPrice { factor: 2.0 }),
        (Run, Fault::WrongPrice { factor: 0.5 }),
        (Run, Fault::OtherModel { model: "veo-3.1".to_owned() }),
        (Run, Fault::NoCost),
        (RunStatus, Fault::NoCost),
        (RunStatus, Fault::NoMedia),
        (RunStatus, Fault::OddStatus { word: "THROTTLED".to_owned() }),
        (RunStatus, Fault::OddStatus { word: "BAKING".to_owned() }),
        (Media, status(416)),
        (Media, Fault::HugeBody { bytes: 1_000_000 }),
    ];
    for code in [400, 401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504] {
        faults.push((Run, status(code)));
    }
    for code in [401, 403, 404, 429, 500, 503] {
        faults.extend([(RunStatus, status(code)), (Media, status(code))]);
    }
    for endpoint in [Run, RunStatus, Media] {
        for how in [Close::Eof, Close::Reset] {
            faults.push((endpoint, Fault::Cut { how }));
            faults.push((endpoint, Fault::LostAnswer { how }));
        }
        faults.push((endpoint, Fault::WebPage));
        faults.push((endpoint, Fault::CutBody { bytes: 10 }));
        faults.push((endpoint, Fault::Delay { ms: 300 }));
        faults.push((endpoint, Fault::Redirect { to: "http://169.254.169.254/latest/".to_owned() }));
    }
    for endpoint in [Run, RunStatus] {
        faults.push((endpoint, Fault::NumbersAsStrings));
        faults.push((endpoint, Fault::MemoryHint));
        for shape in ["outputs[].url", "generatedSamples[].video.uri"] {
            faults.push((endpoint, Fault::ResultShape { shape: shape.to_owned() }));
        }
    }
    for shape in SHAPES {
        faults.push((Run, error(500, shape, false, false)));
        faults.push((Run, error(500, shape, true, true)));
        faults.push((Run, error(502, shape, true, false)));
    }
    for shape in [ErrorShape::CodeIn200, ErrorShape::Text, ErrorShape::Html] {
        faults.push((RunStatus, error(500, shape, false, false)));
    }
    faults.push((RunCancel, status(500)));
    faults.push((RunCancel, status(404)));
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_every_state_with_every_fault_to_rest_and_twice_again() {
    every_fault(Key::Wholesale).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_in_the_standard_dialect() {
    every_fault(Key::Standard).await;
}

async fn every_fault(key: Key) {
    let faults: Vec<_> =
        faults().into_iter().filter_map(|(endpoint, fault)| Some((key.endpoint(endpoint)?, fault))).collect();
    println!("{} faults, {} states", faults.len(), STARTS.len());
    let homes = faults.into_iter().map(|(endpoint, fault)| async move {
        let what = format!("{endpoint:?} {fault:?}");
        let home = key.home().await;
        let ends = tokio::time::timeout(PATIENCE, drive(home, endpoint, fault, key)).await;
        (what.clone(), ends.unwrap_or_else(|_| panic!("no rest with {what}")))
    });
    let mut ends = futures_util::stream::iter(homes).buffer_unordered(AT_ONCE);
    while let Some((what, ends)) = ends.next().await {
        println!("{what}: {ends}");
    }
}

/// All starts side by side, as in a ledger that was left alone at a bad moment.
async fn drive(home: Home, endpoint: Endpoint, fault: Fault, key: Key) -> String {
    let app = home.app();
    let ledger = app.ledger().await.unwrap();
    let mut begun = Vec::new();
    for start in STARTS {
        begun.push((start, begin(&home, &app, start, key).await.id));
    }
    home.sandbox.faults.add(Rule { times: TIMES, ..Rule::once(endpoint, fault.clone()) });
    rest(&app).await;
    let ends = all(ledger).await;
    let sent = home.requests("run").len();
    let what = format!("{endpoint:?} {fault:?}");
    for (start, id) in &begun {
        is_right(&home, &what, (*start, key), &ledger.job(id).await.unwrap(), ledger).await;
    }
    nothing_is_lost(&home).await;
    for _ in 0..2 {
        again(&app).await;
        assert_eq!(format!("{:?}", all(ledger).await), format!("{ends:?}"), "rest is rest: {what}");
        assert_eq!(home.requests("run").len(), sent, "nothing is sent again: {what}");
    }
    ends.iter().rev().map(|job| job.state.to_string()).collect::<Vec<_>>().join(" ")
}

/// Another engine on the same ledger, for long enough to look at everything that is due.
async fn again(app: &App) {
    let stop = CancellationToken::new();
    let engine = tokio::spawn(engine::run(app.clone(), Reach::Everything, stop.clone()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    engine.await.unwrap().unwrap();
}

async fn is_right(home: &Home, what: &str, (start, key): (Start, Key), job: &Job, ledger: &Ledger) {
    let charge = booked(ledger, &job.id).await.charge;
    let bills = home.bills().remove(job.id.as_str()).unwrap_or_default();
    let told = format!("{what}, {start:?}: {job:#?} {charge:?} {bills:?}");
    match (start, job.state) {
        (Start::QueuedAndStopped, state) => assert_eq!(state, State::Cancelled, "{told}"),
        // Nobody can know, and nobody asks again by himself.
        (Start::NeverArrived | Start::AnswerLost, state) => assert_eq!(state, State::Uncertain, "{told}"),
        // Paid for before the trouble began: it is brought home.
        (
            Start::NameHeard | Start::Running | Start::RunningAndStopped | Start::Ready | Start::Delivering,
            state,
        ) => {
            assert_eq!(state, State::Done, "{told}");
        }
        (Start::Queued | Start::Refused, _) => {}
    }
    match (job.state, &charge) {
        (State::Done, Some(Charge::Settled { charged, source, .. })) => {
            let [bill] = bills.as_slice() else { panic!("{told}") };
            let said = matches!(source, ChargeSource::Answer | ChargeSource::Receipt);
            assert!(!said || charged.micros() == bill.amount_usd.micros, "{told}");
        }
        (State::Failed | State::Cancelled, Some(Charge::Freed)) => assert!(bills.is_empty(), "{told}"),
        // Nobody says in this dialect whether failed work was charged: the books take the worst.
        (State::Failed, Some(Charge::Settled { charged, source: ChargeSource::WorstCase, .. })) => {
            assert!(key == Key::Standard && charged.micros() == PRICE_MICROS, "{told}");
        }
        (State::Uncertain, None) => {}
        _ => panic!("{told}"),
    }
}

/// Films beside each other, whole and chained: whatever meets their parts, they come to rest, and no part is paid twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn films_come_to_rest_and_stay_there() {
    use Endpoint::{Media, Run, RunStatus};
    let faults = vec![
        (Run, Fault::NoCapacity),
        (Run, Fault::JobFails { message: None }),
        (Run, Fault::LateNoFunds),
        (Run, Fault::LostAnswer { how: Close::Reset }),
        (Run, Fault::CutBody { bytes: 10 }),
        (Run, status(400)),
        (Run, status(402)),
        (Run, status(500)),
        (Run, error(502, ErrorShape::Object, true, false)),
        (RunStatus, status(404)),
        (RunStatus, Fault::NoMedia),
        (Media, Fault::CutBody { bytes: 700 }),
        (Media, status(403)),
    ];
    let homes = faults.into_iter().map(|(endpoint, fault)| async move {
        let what = format!("{endpoint:?} {fault:?}");
        let mut home = Home::paying(|options| options.skillboss.clips = Clips::Tinted).await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        let app = home.app();
        let ledger = app.ledger().await.unwrap();
        // The second request meets it, and the next one.
        home.sandbox.faults.add(Rule { nth: 2, times: 2, ..Rule::once(endpoint, fault) });
        for chain_frames in [false, true] {
            let film = firstcut::jobs::plan::GenerateInput {
                duration_seconds: Some(12.0),
                chain_frames,
                ..wish(&format!("a lake, chained: {chain_frames}"))
            };
            order(&home, &app, film).await.unwrap();
        }
        let films_rest = async |ledger: &Ledger| {
            all(ledger).await.iter().filter(|job| job.parent_id.is_none()).all(|job| job.state.is_at_rest())
        };
        super::till::move_until(&app, &what, films_rest).await;
        let (ends, sent) = (all(ledger).await, home.requests("run").len());
        assert!(ends.len() >= 4, "both were divided: {what}");
        for film in ends.iter().filter(|job| job.parent_id.is_none()) {
            let parts: Vec<_> = ends.iter().filter(|job| job.parent_id.as_ref() == Some(&film.id)).collect();
            let states: Vec<_> = parts.iter().map(|part| part.state).collect();
            let told = format!("{what}: {film:#?} {states:?}");
            assert_eq!(film.state == State::Done, states.iter().all(|state| *state == State::Done), "{told}");
            assert_eq!(film.state == State::Uncertain, states.contains(&State::Uncertain), "{told}");
            assert_eq!(
                booked(ledger, &film.id).await.charge,
                Some(Charge::Freed),
                "the parts have it: {told}"
            );
            for part in parts {
                let (charge, state) = (booked(ledger, &part.id).await.charge, part.state);
                match charge {
                    Some(Charge::Settled { .. }) => assert_eq!(state, State::Done, "{told}"),
                    Some(Charge::Freed) => {
                        assert!(matches!(state, State::Failed | State::Cancelled), "{told}");
                    }
                    // What waits for the last frame of a doubtful part waits with it.
                    None => assert!(matches!(state, State::Uncertain | State::Queued), "{told}"),
                }
            }
        }
        nothing_is_lost(&home).await;
        for _ in 0..2 {
            again(&app).await;
            let now: Vec<_> = all(ledger).await.iter().map(|job| job.state).collect();
            assert_eq!(now, ends.iter().map(|job| job.state).collect::<Vec<_>>(), "rest is rest: {what}");
            assert_eq!(home.requests("run").len(), sent, "nothing is sent again: {what}");
        }
        home.may_leave_jobs = true;
    });
    futures_util::stream::iter(homes).buffer_unordered(4).collect::<Vec<_>>().await;
}

/// The same for NemoVideo, from the one state that leads to all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_and_its_render_come_to_rest_and_stay_there() {
    use Endpoint::{Cdn, RenderPoll, RenderSubmit, RunSse, State as Session};
    let mut faults = vec![
        (RunSse, Fault::Silent),
        (RunSse, Fault::NoCredits),
        (RunSse, Fault::LostAnswer { how: Close::Reset }),
        (RunSse, Fault::Cut { how: Close::Eof }),
        (Session, Fault::DraftNull),
        (RenderSubmit, Fault::RenderFails { message: None }),
        (RenderSubmit, Fault::LostAnswer { how: Close::Eof }),
        (RenderPoll, Fault::NoUrl),
        (Cdn, Fault::CutBody { bytes: 4_000 }),
    ];
    faults.extend([RunSse, Session, RenderSubmit, RenderPoll, Cdn].map(|endpoint| (endpoint, status(503))));
    let homes = faults.into_iter().map(|(endpoint, fault)| async move {
        let mut home = Home::new().await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        home.set("FIRSTCUT_PREVIEW", "none");
        let app = home.app();
        let ledger = app.ledger().await.unwrap();
        home.sandbox.faults.add(Rule { times: 2, ..Rule::once(endpoint, fault.clone()) });
        let words = firstcut::jobs::plan::GenerateInput {
            prompt: "generate a 1-second 360p video of a lake".to_owned(),
            ..Default::default()
        };
        order(&home, &app, words).await.unwrap();
        rest(&app).await;
        let (ends, sent) = (all(ledger).await, home.effects());
        for _ in 0..2 {
            again(&app).await;
            assert_eq!(format!("{:?}", all(ledger).await), format!("{ends:?}"), "{endpoint:?} {fault:?}");
            assert_eq!(home.effects(), sent, "nothing is sent again: {endpoint:?} {fault:?}");
        }
        // What was charged is shown: as done, as spent, or as doubtful.
        let whole = ends.iter().find(|job| job.parent_id.is_none()).unwrap();
        let shown = whole.failure.as_ref().is_none_or(|failure| failure.money != "not_spent");
        assert!(home.charged("lake").is_empty() || shown, "{endpoint:?} {fault:?} {whole:?}");
    });
    futures_util::stream::iter(homes).buffer_unordered(4).collect::<Vec<_>>().await;
}
