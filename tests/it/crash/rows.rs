//! One test for each row of the crash table and each door.

use std::path::PathBuf;

use firstcut::model::job::{JobKind, State};
use firstcut::sandbox::{Endpoint, Fault, Pace, Rule};
use serde_json::Value;

use crate::home::{Home, Serve, kill, playable};

/// Short and small, so that drawing it is quick.
const PROMPT: &str = "generate a 1-second 360p video of a lake";

/// The door whose process is killed and started again.
#[derive(Clone, Copy, Debug)]
enum Door {
    Make,
    Serve,
}

/// A process with one job.
enum Process {
    Make(tokio::process::Child),
    Serve(Box<Serve>),
}

impl Door {
    async fn start(self, home: &Home) -> Process {
        match self {
            Self::Make => Process::Make(home.start(&["make", PROMPT])),
            Self::Serve => {
                let mut serve = home.serve().await;
                serve.generate(PROMPT, 0.0).await;
                Process::Serve(Box::new(serve))
            }
        }
    }

    /// A new process finds the job and sees it through.
    async fn again(self, home: &Home) -> Value {
        let jobs = home.jobs().await;
        let [job] = jobs.as_slice() else { panic!("one call, one job: {jobs:?}") };
        let report = match self {
            Self::Make => home.run(&["jobs", "wait", job.id.as_str(), "--json"]).await.json(),
            Self::Serve => {
                let mut serve = home.serve().await;
                let report = serve.rested(job.id.as_str()).await;
                serve.hang_up().await;
                report
            }
        };
        assert_eq!(report["job_id"], job.id.as_str(), "{report:#}");
        report
    }
}

impl Process {
    async fn kill(self) {
        match self {
            Self::Make(mut child) => kill(&mut child).await,
            Self::Serve(serve) => serve.kill().await,
        }
    }
}

fn submitted(home: &Home) -> usize {
    home.requests("render_submit").len()
}

/// Done, playable, paid once, rendered once.
fn is_done_once(home: &Home, report: &Value) -> PathBuf {
    assert_eq!(report["state"], "done", "{report:#}");
    assert_eq!(home.messages(), [PROMPT]);
    assert_eq!(home.charged(PROMPT), [100]);
    assert_eq!(submitted(home), 1);
    let folder = std::fs::read_dir(home.path().join("output")).unwrap();
    let files: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
    // Beside the video lies the picture of it, and nothing else.
    assert_eq!(files.len(), 2, "one video and no leftovers: {files:?}");
    assert_eq!(
        files.iter().filter(|name| name.to_string_lossy().ends_with(".sheet.jpg")).count(),
        1,
        "{files:?}"
    );
    playable(report)
}

macro_rules! at_both_doors {
    ($($row:ident),* $(,)?) => {
        mod make {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $row() { super::$row(super::Door::Make).await; })*
        }
        mod serve {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $row() { super::$row(super::Door::Serve).await; })*
        }
    };
}

at_both_doors!(
    queued_and_the_service_unreachable,
    submitting_before_arrival,
    submitting_after_the_work_was_done,
    running_in_the_middle_of_the_stream,
    running_and_the_service_gave_up,
    render_submitted_and_the_answer_lost,
    render_running,
    download_half_way,
    after_the_renaming,
);

async fn queued_and_the_service_unreachable(door: Door) {
    let mut home = Home::new().await;
    let there = home.sandbox.url.clone();
    // Nobody listens on the discard port.
    home.set("NEMO_API_URL", "http://127.0.0.1:9");
    let process = door.start(&home).await;
    let job = home.job_that(|job| job.kind == JobKind::Turn).await;
    assert_eq!(job.state, State::Queued);
    process.kill().await;
    assert_eq!(home.effects(), 0);
    home.set("NEMO_API_URL", there);
    is_done_once(&home, &door.again(&home).await);
}

async fn submitting_before_arrival(door: Door) {
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, Fault::Hang)]).await;
    let process = door.start(&home).await;
    home.until("the message leaves", |home| home.messages().len() == 1).await;
    home.job_that(|job| job.state == State::Submitting).await;
    process.kill().await;
    let report = door.again(&home).await;
    // Nothing shows that it arrived, and the balance shows that it had no effect.
    assert_eq!(report["state"], "failed", "{report:#}");
    assert_eq!(report["error"]["money"], "not_spent", "{report:#}");
    assert_eq!(home.messages().len(), 1, "it is never sent again");
    assert_eq!((home.charged(PROMPT).len(), submitted(&home)), (0, 0));
}

async fn submitting_after_the_work_was_done(door: Door) {
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, Fault::HangAfter)]).await;
    let process = door.start(&home).await;
    home.until("the work is charged", |home| home.charged(PROMPT).len() == 1).await;
    home.job_that(|job| job.state == State::Submitting).await;
    process.kill().await;
    is_done_once(&home, &door.again(&home).await);
}

async fn running_in_the_middle_of_the_stream(door: Door) {
    let beats = Fault::HeartbeatsOnly { count: 40, every_ms: 100 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let process = door.start(&home).await;
    home.job_that(|job| job.kind == JobKind::Turn && job.state == State::Running).await;
    process.kill().await;
    assert!(home.charged(PROMPT).is_empty(), "the work goes on without us");
    is_done_once(&home, &door.again(&home).await);
}

async fn running_and_the_service_gave_up(door: Door) {
    let beats = Fault::HeartbeatsForever { every_ms: 50 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let process = door.start(&home).await;
    home.job_that(|job| job.kind == JobKind::Turn && job.state == State::Running).await;
    process.kill().await;
    let report = door.again(&home).await;
    assert_eq!(
        (&report["state"], &report["error"]["money"]),
        (&"failed".into(), &"not_spent".into()),
        "{report:#}"
    );
    assert_eq!((home.messages().len(), home.charged(PROMPT).len(), submitted(&home)), (1, 0, 0));
}

async fn render_submitted_and_the_answer_lost(door: Door) {
    let home = Home::with_faults([Rule::once(Endpoint::RenderSubmit, Fault::HangAfter)]).await;
    let process = door.start(&home).await;
    home.until("the render is submitted", |home| submitted(home) == 1).await;
    home.job_that(|job| job.kind == JobKind::Render && job.state == State::Submitting).await;
    process.kill().await;
    is_done_once(&home, &door.again(&home).await);
}

async fn render_running(door: Door) {
    let home = Home::with(|options| options.pace = Pace::REAL).await;
    let process = door.start(&home).await;
    home.job_that(|job| job.kind == JobKind::Render && job.state == State::Running).await;
    process.kill().await;
    is_done_once(&home, &door.again(&home).await);
}

async fn download_half_way(door: Door) {
    let home = Home::with_faults([Rule::once(Endpoint::Cdn, Fault::StallBody { bytes: 5_000 })]).await;
    let process = door.start(&home).await;
    let part = |home: &Home| {
        let folder = std::fs::read_dir(home.path().join("output")).ok()?;
        folder.filter_map(Result::ok).find(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
    };
    home.until("some of the file is there", |home| {
        part(home).is_some_and(|entry| entry.metadata().is_ok_and(|about| about.len() > 0))
    })
    .await;
    process.kill().await;
    is_done_once(&home, &door.again(&home).await);
    let asked = home.requests("cdn");
    assert!(
        asked.last().unwrap().headers.get("range").is_some_and(|range| range.starts_with("bytes=")),
        "what was there is not fetched again: {asked:?}"
    );
}

/// No kill can be timed to fall between the renaming and the row, so its traces are laid by hand.
async fn after_the_renaming(door: Door) {
    let home = Home::new().await;
    let process = door.start(&home).await;
    home.job_that(|job| job.kind == JobKind::Video && job.state == State::Done).await;
    process.kill().await;
    let fetched = home.requests("cdn").len();

    let mut ledger = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(
        &sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("ledger.sqlite")),
    )
    .await
    .unwrap();
    for change in [
        "UPDATE job SET state = 'delivering', due_at_ms = 1, work = json_remove(work, '$.file') WHERE kind = 'render'",
        "UPDATE job SET state = 'running', due_at_ms = 1 WHERE kind = 'video'",
    ] {
        let done = sqlx::query(change).execute(&mut ledger).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{change}");
    }
    sqlx::Connection::close(ledger).await.unwrap();
    is_done_once(&home, &door.again(&home).await);
    assert_eq!(home.requests("cdn").len(), fetched, "the file is there and is not fetched again");
}
