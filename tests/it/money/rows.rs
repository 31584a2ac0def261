//! `kill -9` at each row of the crash table, for a run and for a film, and each time another process goes on.

use firstcut::jobs::plan::GenerateInput;
use firstcut::ledger::{Ledger, Office};
use firstcut::model::job::{JobKind, State};
use firstcut::sandbox::{Endpoint, Fault, Pace, Rule};
use serde_json::Value;
use tokio::process::Child;

use super::till::{alter, booked, is_named, make, move_until, nothing_is_lost, order, wish};
use crate::home::{Home, kill, playable};

const PROMPT: &str = "a lake at dawn";

/// Who moves the job when the blow falls, and who goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    /// `make`, and `jobs wait` after it.
    Make,
    /// A `worker`, and another one after it.
    Worker,
}

impl Door {
    async fn start(self, home: &Home, words: &[&str]) -> Vec<Child> {
        match self {
            Self::Make => vec![home.start(words)],
            Self::Worker => {
                let worker = home.start(&["worker"]);
                // The worker holds the lock, so that the command can only write the job down and leave.
                home.moved_by(&worker, Office::Real).await;
                vec![worker, home.start(words)]
            }
        }
    }

    async fn again(self, home: &Home) -> Value {
        let jobs = home.jobs().await;
        let [job] = jobs.as_slice() else { panic!("one call, one job: {jobs:?}") };
        if self == Self::Worker {
            let ran = home.run(&["worker", "--until-done"]).await;
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
        home.run(&["jobs", "wait", job.id.as_str(), "--json"]).await.json()
    }
}

async fn slain(processes: Vec<Child>) {
    for mut process in processes {
        kill(&mut process).await;
    }
}

/// Done, playable, charged once, and both books agree.
async fn is_paid_once(home: &Home, report: &Value) {
    assert_eq!(report["state"], "done", "{report:#}");
    playable(report);
    let bills = home.bills();
    assert_eq!(bills.len(), 1, "{bills:?}");
    assert_eq!(report["cost"]["usd"], "0.12", "{report:#}");
    let left: Vec<_> = std::fs::read_dir(home.path().join("output")).unwrap().collect();
    assert_eq!(left.len(), 1, "one video and no leftovers: {left:?}");
    nothing_is_lost(home).await;
}

macro_rules! at_both_doors {
    ($($row:ident),* $(,)?) => {
        mod make_door {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $row() { super::$row(super::Door::Make).await; })*
        }
        mod worker_door {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $row() { super::$row(super::Door::Worker).await; })*
        }
    };
}

at_both_doors!(
    queued,
    written_down_and_nothing_shows_that_it_arrived,
    accepted_and_the_answer_lost,
    accepted_and_only_its_name_heard,
    at_work,
    finished_and_not_fetched,
    half_fetched,
    in_its_place_and_not_written_down,
);

/// No kill can be timed to fall before the engine's first look, so the process that writes the row has no engine.
async fn queued(door: Door) {
    let home = Home::paying(|_| {}).await;
    written_down_only(&home, wish(PROMPT)).await;
    is_paid_once(&home, &door.again(&home).await).await;
}

async fn written_down_only(home: &Home, wish: GenerateInput) {
    let app = home.app();
    let job = order(home, &app, wish).await.unwrap();
    assert_eq!((job.state, job.attempts), (State::Queued, 0));
    app.ledger().await.unwrap().close().await;
    assert!(home.sandbox.skillboss.submissions().is_empty());
}

async fn written_down_and_nothing_shows_that_it_arrived(door: Door) {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::Hang));
    let processes = door.start(&home, &make(PROMPT)).await;
    home.until("it leaves", |home| home.requests("run").len() == 1).await;
    home.job_that(|job| job.state == State::Submitting).await;
    slain(processes).await;
    let report = door.again(&home).await;
    assert_eq!(report["state"], "uncertain", "{report:#}");
    assert_eq!(report["cost"]["usd_may_still_cost"], "0.12", "its worst case is shown: {report:#}");
    assert_eq!((home.requests("run").len(), home.bills().len()), (1, 0), "it is never sent again");
    nothing_is_lost(&home).await;
    let id = report["job_id"].as_str().unwrap();
    let dropped = home.run(&["jobs", "drop", id, "--json"]).await.json();
    assert_eq!(
        (&dropped["state"], &dropped["cost"]["usd"]),
        (&"failed".into(), &"0.12".into()),
        "{dropped:#}"
    );
}

async fn accepted_and_the_answer_lost(door: Door) {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::HangAfter));
    let processes = door.start(&home, &make(PROMPT)).await;
    home.until("it is charged", |home| home.bills().len() == 1).await;
    home.job_that(|job| job.state == State::Submitting).await;
    slain(processes).await;
    let report = door.again(&home).await;
    assert_eq!(report["state"], "uncertain", "{report:#}");
    nothing_is_lost(&home).await;
    // A person finds its name in the service's list.
    let name = home.sandbox.skillboss.submissions()[0].id.clone();
    let id = report["job_id"].as_str().unwrap();
    let report = home.run(&["jobs", "adopt", id, "--remote-id", &name, "--json"]).await.json();
    is_paid_once(&home, &report).await;
    assert_eq!(home.requests("run").len(), 1);
}

async fn accepted_and_only_its_name_heard(door: Door) {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::StallBody { bytes: 10 }));
    let processes = door.start(&home, &make(PROMPT)).await;
    home.until("it is charged", |home| home.bills().len() == 1).await;
    let job = home.job_that(|job| job.state == State::Submitting).await;
    is_named(&home, &job.id).await;
    slain(processes).await;
    is_paid_once(&home, &door.again(&home).await).await;
    assert_eq!(home.requests("run").len(), 1);
}

async fn at_work(door: Door) {
    let home = Home::paying(|options| {
        options.pace = Pace::REAL;
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (100, 4_000);
    })
    .await;
    let processes = door.start(&home, &make(PROMPT)).await;
    home.job_that(|job| job.state == State::Running).await;
    slain(processes).await;
    assert!(home.bills().is_empty(), "the work goes on without us");
    is_paid_once(&home, &door.again(&home).await).await;
    assert_eq!(home.requests("run").len(), 1);
}

async fn finished_and_not_fetched(door: Door) {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule { times: 3, ..Rule::once(Endpoint::RunStatus, Fault::NoMedia) });
    let processes = door.start(&home, &make(PROMPT)).await;
    home.job_that(|job| job.state == State::Ready).await;
    slain(processes).await;
    assert!(home.requests("media").is_empty());
    is_paid_once(&home, &door.again(&home).await).await;
    assert_eq!((home.requests("run").len(), home.requests("media").len()), (1, 1));
}

async fn half_fetched(door: Door) {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule::once(Endpoint::Media, Fault::StallBody { bytes: 600 }));
    let processes = door.start(&home, &make(PROMPT)).await;
    let part = |home: &Home| {
        let folder = std::fs::read_dir(home.path().join("output")).ok()?;
        folder.flatten().find(|entry| entry.path().extension().is_some_and(|it| it == "part"))
    };
    home.until("half a clip is here", |home| {
        part(home).is_some_and(|part| part.metadata().is_ok_and(|facts| facts.len() >= 600))
    })
    .await;
    slain(processes).await;
    is_paid_once(&home, &door.again(&home).await).await;
    let asked = home.requests("media");
    assert_eq!((home.requests("run").len(), asked.len()), (1, 2));
    assert_eq!(asked[1].headers.get("range").map(String::as_str), Some("bytes=600-"), "{asked:?}");
}

/// No kill can be timed to fall between the renaming and the row, so its traces are laid by hand.
async fn in_its_place_and_not_written_down(door: Door) {
    let home = Home::paying(|_| {}).await;
    let processes = door.start(&home, &make(PROMPT)).await;
    home.job_that(|job| job.state == State::Done).await;
    slain(processes).await;
    let back =
        "UPDATE job SET state = 'delivering', due_at_ms = 1, work = json_remove(work, '$.file', '$.seen')";
    alter(&home, &[back]).await;
    is_paid_once(&home, &door.again(&home).await).await;
    assert_eq!((home.requests("run").len(), home.requests("media").len()), (1, 1), "it is not fetched again");
}

/// A process that was stopped while its request was under way, long enough for another one to give the answer up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_after_its_job_was_put_aside_still_counts() {
    let put_aside = [
        "UPDATE job SET fence = fence + 1, state = 'uncertain', due_at_ms = NULL, lease_owner = NULL, \
         lease_until_ms = NULL WHERE kind = 'run'",
        "UPDATE attempt SET state = 'unknown', ended_at_ms = 1",
    ];
    let refused = Fault::Status { status: 402, code: None, message: None, retry_after_s: None };
    for (fault, state, charges) in [(None, State::Done, 1), (Some(refused), State::Failed, 0)] {
        let home = Home::paying(|_| {}).await;
        home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::Delay { ms: 5_000 }));
        if let Some(fault) = fault {
            home.sandbox.faults.add(Rule::once(Endpoint::Run, fault));
        }
        let app = home.app();
        let job = order(&home, &app, wish(PROMPT)).await.unwrap();
        let altered = async {
            home.until("it leaves", |home| home.requests("run").len() == 1).await;
            alter(&home, &put_aside).await;
        };
        let settled = async |ledger: &Ledger| ledger.job(&job.id).await.unwrap().state == state;
        tokio::join!(altered, move_until(&app, "the late answer", settled));
        let ledger = app.ledger().await.unwrap();
        let freed = booked(ledger, &job.id).await.charge == Some(firstcut::ledger::Charge::Freed);
        assert_eq!((home.requests("run").len(), home.bills().len(), freed), (1, charges, charges == 0));
    }
}

// --- a film

const FILM: [&str; 8] =
    ["make", PROMPT, "--model", "veo-3.1-lite", "--seconds", "12", "--resolution", "720p"];

async fn film_is_paid_once(home: &Home, report: &Value) {
    assert_eq!(report["state"], "done", "{report:#}");
    let found = firstcut::media::probe::probe(&playable(report)).unwrap();
    assert!(found.duration_s.is_some_and(|seconds| (seconds - 12.0).abs() < 0.2), "{found:?}");
    assert_eq!((home.bills().len(), home.requests("run").len()), (2, 2));
    assert_eq!(report["cost"]["usd"], "0.36", "{report:#}");
    let left: Vec<_> = std::fs::read_dir(home.path().join("output")).unwrap().collect();
    assert_eq!(left.len(), 1, "one video and no leftovers: {left:?}");
    nothing_is_lost(home).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_not_divided_yet() {
    let home = Home::paying(|_| {}).await;
    written_down_only(&home, GenerateInput { duration_seconds: Some(12.0), ..wish(PROMPT) }).await;
    film_is_paid_once(&home, &Door::Make.again(&home).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_with_one_part_here_and_one_at_work() {
    let home = Home::paying(|_| {}).await;
    home.sandbox.faults.add(Rule {
        nth: 1,
        times: 1,
        ..Rule::once(Endpoint::Media, Fault::StallBody { bytes: 600 })
    });
    let mut process = home.start(&FILM);
    home.job_that(|job| job.kind == JobKind::Run && job.state == State::Done).await;
    kill(&mut process).await;
    film_is_paid_once(&home, &Door::Make.again(&home).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_being_joined() {
    let home = Home::paying(|_| {}).await;
    let mut process = home.start(&FILM);
    // Whichever moment is met between the beginning of the joining and the end.
    home.job_that(|job| {
        job.kind == JobKind::Film && matches!(job.state, State::Ready | State::Delivering | State::Done)
    })
    .await;
    kill(&mut process).await;
    film_is_paid_once(&home, &Door::Make.again(&home).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_joined_and_not_written_down() {
    let home = Home::paying(|_| {}).await;
    let mut process = home.start(&FILM);
    home.job_that(|job| job.kind == JobKind::Film && job.state == State::Done).await;
    process.wait().await.unwrap();
    let back = "UPDATE job SET state = 'delivering', due_at_ms = 1, work = json_remove(work, '$.file', '$.seen') \
                WHERE kind = 'film'";
    alter(&home, &[back]).await;
    film_is_paid_once(&home, &Door::Make.again(&home).await).await;
}
