//! A sender that was stopped between its note and its request: what it wrote down is outdated, so it does not send.

use std::time::Duration;

use firstcut::jobs::engine::{self, Reach};
use firstcut::ledger::AttemptState;
use firstcut::model::job::State;
use sqlx::{Connection, SqliteConnection};
use tokio_util::sync::CancellationToken;

use super::till::{order, rest, wish};
use crate::home::Home;
use crate::patience::until;

/// Longer than what a request may be old when it leaves, and far shorter than what the ledger waits for its lock.
const FROZEN: Duration = Duration::from_secs(9);

/// Writing the note takes as long as a freeze would: somebody else holds the ledger.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_stopped_before_sending_does_not_send() {
    let home = Home::paying(|_| {}).await;
    let app = home.app();
    let job = order(&home, &app, wish("a lake")).await.unwrap();
    // The step gets as far as its turn to send, and no further.
    let mut turns = Vec::new();
    for _ in 0..4 {
        turns.push(app.sending().await.unwrap());
    }
    let stop = CancellationToken::new();
    let moving = tokio::spawn(engine::run(app.clone(), Reach::Everything, stop.clone()));
    let path = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("ledger.sqlite"));
    let mut other =
        SqliteConnection::connect_with(&path.busy_timeout(Duration::from_secs(30))).await.unwrap();
    // The last thing that is written before is what the wallet holds.
    until("the balance is written down", async || {
        let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM balance");
        count.fetch_one(&mut other).await.unwrap() > 0
    })
    .await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    turns.clear();
    tokio::time::sleep(FROZEN).await;
    assert!(home.requests("run").is_empty(), "nothing leaves before its note is on the disk");
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    home.job_that(|job| job.state == State::Done).await;
    stop.cancel();
    moving.await.unwrap().unwrap();
    rest(&app).await;

    let ledger = app.ledger().await.unwrap();
    let state = async |n| ledger.attempt(&job.id, n).await.unwrap().map(|attempt| attempt.state);
    assert_eq!(state(1).await, Some(AttemptState::NotSent), "the first note was outdated");
    assert_eq!(state(2).await, Some(AttemptState::Accepted));
    assert_eq!((home.requests("run").len(), home.bills().len()), (1, 1));
    other.close().await.unwrap();
}
