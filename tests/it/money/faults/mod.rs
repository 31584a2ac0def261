//! From every state, with every fault, to rest; and then once more, and once more: rest is stable, nothing is sent
//! again, and what was set aside is settled, freed or kept as it must be.

mod films;
mod start;

use std::time::Duration;

use firstcut::app::App;
use firstcut::jobs::engine::{self, Reach};
use firstcut::ledger::{Charge, ChargeSource, Ledger};
use firstcut::model::job::{Job, State};
use firstcut::sandbox::{Close, Endpoint, ErrorShape, Fault, Rule};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use self::start::{Key, STARTS, Start, begin};
use super::till::{PRICE_MICROS, all, booked, nothing_is_lost, rest};
use crate::home::Home;
use crate::patience::PATIENCE;

/// Homes under way at once; most of them wait.
const AT_ONCE: usize = 24;
/// A rule strikes so often: every job meets it about once, and its repetition too.
const TIMES: u32 = 12;

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
