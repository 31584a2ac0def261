//! Real processes, killed.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;

const LEDGER_OF_CHILD: &str = "FIRSTCUT_TEST_LEDGER_OF_CHILD";

/// Not a test by itself: what the killed process does until it is killed.
#[tokio::test]
#[ignore = "started by the tests below"]
async fn child() {
    let Ok(path) = std::env::var(LEDGER_OF_CHILD) else { return };
    let path = PathBuf::from(path);
    let ledger = Ledger::open(&path).await.unwrap();
    let dispatcher = Dispatcher::try_elect(&ledger, Office::Rehearsal, "child", 0).await.unwrap();
    assert!(dispatcher.is_some());
    for n in 0.. {
        let now_ms = i64::from(n);
        ledger.insert(render(&format!("k{n}")), now_ms).await.unwrap();
        let held = ledger.claim(Office::Rehearsal, "child", now_ms, 1_000_000, 1).await.unwrap().remove(0);
        ledger.begin_attempt(&held, json!({"before": n}), now_ms).await.unwrap().unwrap();
    }
}

fn start(path: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ledger::tests::processes::child", "--ignored"])
        .env(LEDGER_OF_CHILD, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_killed_process_leaves_whole_rows_and_no_locks() {
    let home = Home::new().await;
    let mut child = start(&home.path());
    let deadline = Instant::now() + Duration::from_secs(60);
    while home.raw("SELECT COUNT(*) FROM attempt").await < 20 {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "the child does not work");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let elect = async || Dispatcher::try_elect(&home.ledger, Office::Rehearsal, "heir", 5_000).await.unwrap();
    assert!(elect().await.is_none(), "the child is the dispatcher");
    let seen = home.raw("SELECT COUNT(*) FROM attempt").await;
    child.kill().unwrap();
    child.wait().unwrap();

    let ledger = home.another().await;
    ledger.check().await.unwrap();
    let jobs = ledger.active().await.unwrap();
    let submitting: Vec<_> = jobs.iter().filter(|job| job.state == State::Submitting).collect();
    assert!(submitting.len() as i64 >= seen, "what was seen is still there");
    assert!(jobs.len() - submitting.len() <= 1, "at most one job was between its row and its attempt");
    for job in &submitting {
        let attempt = ledger.last_attempt(&job.id).await.unwrap().unwrap();
        assert_eq!((attempt.n, attempt.state, job.attempts), (1, AttemptState::Open, 1));
    }
    // At most the job that the child had written down and not taken yet.
    let free = ledger.claim(Office::Rehearsal, "heir", 5_000, 1, 1000).await.unwrap().len();
    assert!(free <= 1, "the rest is still leased");
    assert!(elect().await.is_some(), "its lock went with it");
    assert_eq!(
        ledger.claim(Office::Rehearsal, "heir", 5_000, 1, 100_000).await.unwrap().len(),
        jobs.len() - free,
        "and so did its leases"
    );
}

#[tokio::test]
async fn a_handle_that_is_dropped_midway_leaves_no_trace() {
    let home = Home::new().await;
    let held = home.held(0).await;
    {
        let other = home.another().await;
        let mut tx = other.begin().await.unwrap();
        sqlx::query("UPDATE job SET note = 'half'").execute(&mut *tx).await.unwrap();
    }
    let job = done(home.ledger.record(&held, to(State::Running), "me", 1).await.unwrap());
    assert_eq!(job.note, None);
}
