//! What these tests have in common: a small order, and the program's books beside the sandbox's.

use std::time::Duration;

use firstcut::app::App;
use firstcut::error::Result;
use firstcut::jobs::engine::{self, Reach};
use firstcut::jobs::plan::{Caller, Door, GenerateInput};
use firstcut::jobs::submit::{self, Accepted};
use firstcut::ledger::{Booked, Filter, Ledger};
use firstcut::model::job::{Job, JobId, State};
use sqlx::{Connection, SqliteConnection};
use tokio_util::sync::CancellationToken;

use crate::home::Home;
use crate::patience::{PATIENCE, until};

/// The cheapest clip that there is.
pub(crate) const MODEL: &str = "veo-3.1-lite";

/// What that costs in millionths of a dollar: four seconds at three cents.
pub(crate) const PRICE_MICROS: i64 = 120_000;

/// The words of a command that orders one.
pub(crate) fn make(prompt: &str) -> Vec<&str> {
    vec!["make", prompt, "--model", MODEL, "--seconds", "4", "--resolution", "720p", "--json"]
}

/// The same in this process.
pub(crate) fn wish(prompt: &str) -> GenerateInput {
    GenerateInput {
        prompt: prompt.to_owned(),
        model: Some(MODEL.to_owned()),
        duration_seconds: Some(4.0),
        resolution: Some("720p".to_owned()),
        ..GenerateInput::default()
    }
}

/// Orders in this process; nothing moves the job yet.
pub(crate) async fn order(home: &Home, app: &App, input: GenerateInput) -> Result<Job> {
    let caller = Caller { door: Door::Cli, working_dir: home.work() };
    match submit::generate(app, &caller, input).await? {
        Accepted::Job(submitted) => Ok(submitted.job),
        Accepted::Told(told) => panic!("{told:?}"),
    }
}

/// Every job, parts too.
pub(crate) async fn all(ledger: &Ledger) -> Vec<Job> {
    ledger.list(&Filter::default(), 10_000).await.unwrap()
}

/// Moves the jobs in this process until something is so.
pub(crate) async fn move_until(app: &App, what: &str, so: impl AsyncFn(&Ledger) -> bool) {
    let stop = CancellationToken::new();
    let engine = tokio::spawn(engine::run(app.clone(), Reach::Everything, stop.clone()));
    let ledger = app.ledger().await.unwrap();
    let look = async {
        while !so(ledger).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "{what} never: {:#?}", all(ledger).await);
    stop.cancel();
    engine.await.unwrap().unwrap();
}

/// Moves them until none moves any more.
pub(crate) async fn rest(app: &App) {
    move_until(app, "rest", async |ledger| all(ledger).await.iter().all(|job| job.state.is_at_rest())).await;
}

/// Waits until the name that the service gave to a job's only request is written down.
pub(crate) async fn is_named(home: &Home, id: &JobId) {
    let ledger = home.ledger().await.unwrap();
    until("its name is written down", async || {
        ledger.attempt(id, 1).await.unwrap().unwrap().remote_id.is_some()
    })
    .await;
    ledger.close().await;
}

/// What the program booked for a job.
pub(crate) async fn booked(ledger: &Ledger, id: &JobId) -> Booked {
    ledger.charge(id).await.unwrap().unwrap_or_else(|| panic!("nothing is booked for {id}"))
}

/// Changes rows behind the program's back, for moments that no kill can be timed for.
pub(crate) async fn alter(home: &Home, changes: &[&str]) {
    let path = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("ledger.sqlite"));
    let mut ledger = SqliteConnection::connect_with(&path).await.unwrap();
    for change in changes {
        let done = sqlx::query(sqlx::AssertSqlSafe((*change).to_owned())).execute(&mut ledger).await.unwrap();
        assert!(done.rows_affected() > 0, "{change}");
    }
    ledger.close().await.unwrap();
}

/// Of everything that was charged: it is a file, or it is shown as doubtful.
pub(crate) async fn nothing_is_lost(home: &Home) {
    let ledger = home.ledger().await.unwrap();
    let jobs = all(&ledger).await;
    for (id, bills) in home.bills() {
        let job = jobs.iter().find(|job| job.id.as_str() == id).unwrap_or_else(|| panic!("who is {id}?"));
        match job.state {
            State::Done => {
                let path = job.work["file"]["path"].as_str().unwrap_or_else(|| panic!("{job:?}"));
                let whole = job.parent_id.as_ref().is_some_and(|parent| {
                    jobs.iter().any(|job| job.id == *parent && job.state == State::Done)
                });
                assert!(
                    whole || std::fs::metadata(path).is_ok_and(|file| file.len() > 500),
                    "no file: {job:?}"
                );
            }
            State::Uncertain => {}
            _ => panic!("charged {bills:?}, and neither delivered nor doubtful: {job:?}"),
        }
    }
    for job in jobs.iter().filter(|job| job.state == State::Uncertain && job.attempts > 0) {
        let booked = booked(&ledger, &job.id).await;
        assert!(
            booked.charge.is_none() && booked.most.micros() > 0,
            "what is doubtful stays set aside: {booked:?}"
        );
        let next = job.failure.as_ref().and_then(|failure| failure.next.clone()).unwrap_or_default();
        assert!(next.contains("adopt"), "{job:?}");
    }
    ledger.close().await;
}
