//! An empty wallet holds the queue: nothing is hammered, lost or paid twice, everybody is told, and a top-up lets it
//! all go on.

use std::time::Duration;

use firstcut::app::App;
use firstcut::jobs::engine::{self, Reach};
use firstcut::ledger::Charge;
use firstcut::model::job::State;
use firstcut::sandbox::{Endpoint, Fault, Rule, Usd, WHOLESALE_KEY};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::till::{all, booked, make, order, rest, wish};
use crate::home::{Home, always};
use crate::patience::until;

/// An engine in this process.
struct Moving(CancellationToken, JoinHandle<firstcut::error::Result<()>>);

impl Moving {
    fn begin(app: &App) -> Self {
        let stop = CancellationToken::new();
        Self(stop.clone(), tokio::spawn(engine::run(app.clone(), Reach::Everything, stop)))
    }

    async fn end(self) {
        self.0.cancel();
        self.1.await.unwrap().unwrap();
    }
}

fn poor(cents: i64) -> impl FnOnce(&mut firstcut::sandbox::Options) {
    move |options| options.skillboss.balance_usd = Usd::cents(cents)
}

async fn top_up(home: &Home, cents: i64) {
    home.sandbox.skillboss.top_up(WHOLESALE_KEY, Usd::cents(cents)).unwrap().unwrap();
}

/// Waits until so many jobs wait for money.
async fn short(app: &App, how_many: usize) {
    let ledger = app.ledger().await.unwrap();
    let look = async {
        loop {
            let waiting = all(ledger).await.into_iter().filter(|job| {
                job.state == State::Queued
                    && job.failure.as_ref().is_some_and(|failure| failure.code == "out_of_credits")
            });
            if waiting.count() == how_many {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(crate::patience::PATIENCE, look).await.is_ok(), "{:#?}", all(ledger).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_waits_and_a_top_up_lets_it_go_on() {
    // Enough for two of twelve.
    let mut home = Home::paying(poor(30)).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let app = home.app();
    for number in 0..2 {
        order(&home, &app, wish(&format!("lake {number}"))).await.unwrap();
    }
    rest(&app).await;
    for number in 2..12 {
        order(&home, &app, wish(&format!("lake {number}"))).await.unwrap();
    }
    let moving = Moving::begin(&app);
    short(&app, 10).await;
    let (asked, balances) = (home.requests("run").len(), home.requests("balance").len());
    assert!(asked <= 6, "two were taken, and at most four were under way: {asked}");
    home.until("the balance is asked for", |home| home.requests("balance").len() > balances).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(home.requests("run").len(), asked, "the balance is asked for, and nothing is sent");
    let probes = home.requests("balance").len() - balances;
    assert!(probes <= 15, "one question at a time, more and more rarely: {probes}");

    // Every door says so.
    let listed = home.run(&["jobs", "list", "--state", "queued", "--json"]).await.ok();
    let listed = listed["jobs"].as_array().unwrap();
    assert_eq!(listed.len(), 10);
    for job in listed {
        assert_eq!(
            (&job["error"]["code"], &job["error"]["money"]),
            (&json!("out_of_credits"), &json!("not_spent"))
        );
        assert!(job["message"].as_str().unwrap().contains("Waiting for money"), "{job:#}");
    }
    let id = listed[0]["job_id"].as_str().unwrap().to_owned();
    let mut server = home.serve().await;
    let told = server.talk.call_ok("check_job", json!({ "job_id": id, "wait_seconds": 0 })).await;
    assert!(told["message"].as_str().unwrap().contains("Waiting for money"), "{told:#}");
    assert!(told["next"].as_str().unwrap().contains("Top up the wallet"), "{told:#}");
    // What waits stays set aside.
    let ledger = app.ledger().await.unwrap();
    assert_eq!(booked(ledger, &id.parse().unwrap()).await.charge, None);
    server.hang_up().await;

    top_up(&home, 1_000).await;
    // Looking at the wallet is enough to go on at once.
    home.run(&["wallet"]).await;
    let look = async {
        while !all(ledger).await.iter().all(|job| job.state == State::Done) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let done = tokio::time::timeout(crate::patience::PATIENCE, look).await;
    assert!(done.is_ok(), "{:#?}", all(ledger).await);
    moving.end().await;
    assert_eq!(home.sandbox.skillboss.charges().len(), 12);
    assert!(all(ledger).await.iter().all(|job| job.failure.is_none()), "nothing is left of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_says_that_it_waits_for_money_and_can_be_taken_up_again() {
    let mut home = Home::paying(poor(0)).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let ran = home.run(&make("a lake")).await;
    let report = ran.json();
    assert_eq!(ran.code, Some(firstcut::error::Kind::OutOfCredits.exit_code().into()), "{ran:?}");
    assert_eq!(
        (&report["state"], &report["error"]["code"], &report["error"]["money"]),
        (&json!("queued"), &json!("out_of_credits"), &json!("not_spent")),
        "{report:#}"
    );
    let id = report["job_id"].as_str().unwrap();
    assert!(report["next"].as_str().unwrap().contains(&format!("firstcut jobs wait {id}")), "{report:#}");
    // Asked for once more: the same job, and nothing is sent.
    let sent = home.requests("run").len();
    assert_eq!(home.run(&make("a lake")).await.json()["job_id"], id);
    assert_eq!(home.requests("run").len(), sent);

    top_up(&home, 100).await;
    let done = home.run(&["jobs", "wait", id, "--json"]).await.ok();
    assert_eq!((&done["state"], &done["error"]), (&json!("done"), &serde_json::Value::Null), "{done:#}");
    assert_eq!(home.sandbox.skillboss.charges().len(), 1);

    // And one that nobody wants any more costs nothing.
    let mut poor_home = Home::paying(poor(0)).await;
    poor_home.set("FIRSTCUT_POLL_S", "0.05");
    let id = poor_home.run(&make("a lake")).await.json()["job_id"].as_str().unwrap().to_owned();
    let cancelled = poor_home.run(&["jobs", "cancel", &id, "--json"]).await.ok();
    assert_eq!(cancelled["state"], "cancelled", "{cancelled:#}");
    let ledger = poor_home.ledger().await.unwrap();
    assert_eq!(booked(&ledger, &id.parse().unwrap()).await.charge, Some(Charge::Freed));
    ledger.close().await;
}

/// A service that tells no balance: then one request at a time finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_balance_one_probe_is_sent_after_a_pause() {
    let mut home = Home::paying(poor(0)).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let missing = Fault::Status { status: 404, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(always(Endpoint::Balance, missing));
    let app = home.app();
    for number in 0..8 {
        order(&home, &app, wish(&format!("lake {number}"))).await.unwrap();
    }
    let moving = Moving::begin(&app);
    short(&app, 8).await;
    let sent = home.requests("run").len();
    home.until("one is sent", |home| home.requests("run").len() > sent).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let probes = home.requests("run").len() - sent;
    // 0.2, 0.4, 0.8, 1.6, 2 s, each up to a third shorter or longer.
    assert!(probes <= 9, "{probes}");
    top_up(&home, 1_000).await;
    rest_under(&app).await;
    moving.end().await;
    assert!(all(app.ledger().await.unwrap()).await.iter().all(|job| job.state == State::Done));
    assert_eq!(home.sandbox.skillboss.charges().len(), 8);
}

async fn rest_under(app: &App) {
    let ledger = app.ledger().await.unwrap();
    let look = async {
        while !all(ledger).await.iter().all(|job| job.state.is_at_rest()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(crate::patience::PATIENCE, look).await.is_ok(), "{:#?}", all(ledger).await);
}

/// A 202 proves no funds: what fails for want of money later goes back to the queue, and is paid for once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_lack_of_funds_holds_the_queue_too() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    home.sandbox.faults.add(Rule { times: 2, ..Rule::once(Endpoint::Run, Fault::LateNoFunds) });
    let app = home.app();
    order(&home, &app, wish("a lake")).await.unwrap();
    rest(&app).await;
    let jobs = all(app.ledger().await.unwrap()).await;
    assert_eq!((jobs[0].state, jobs[0].failure.as_ref()), (State::Done, None), "{jobs:#?}");
    assert_eq!((home.requests("run").len(), home.sandbox.skillboss.charges().len()), (3, 1));

    // All were taken before the first one was to be paid for: most fail late, go back, and are not sent in vain.
    let mut home = Home::paying(poor(30)).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let app = home.app();
    for number in 0..8 {
        order(&home, &app, wish(&format!("lake {number}"))).await.unwrap();
    }
    let moving = Moving::begin(&app);
    // Each of the two that are paid for lets the others try once more when it is seen to be finished.
    let ledger = app.ledger().await.unwrap();
    let done = async || all(ledger).await.iter().filter(|job| job.state == State::Done).count();
    until("two are done", async || done().await == 2).await;
    let mut sent = 0;
    until("nothing is on its way any more", async || {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = std::mem::replace(&mut sent, home.requests("run").len());
        before == sent
    })
    .await;
    short(&app, 6).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(home.requests("run").len(), sent, "nothing is sent while the balance is too low");
    top_up(&home, 1_000).await;
    rest_under(&app).await;
    moving.end().await;
    assert_eq!(home.sandbox.skillboss.charges().len(), 8);
}

/// A long video whose parts wait says so itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_waits_with_its_parts() {
    // 8 + 4 seconds at three cents: the first part is paid for, the second is not.
    let mut home = Home::paying(poor(25)).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let film =
        ["make", "a lake", "--model", "veo-3.1-lite", "--seconds", "12", "--resolution", "720p", "--json"];
    let ran = home.run(&film).await;
    let report = ran.json();
    assert_eq!(report["error"]["code"], "out_of_credits", "{report:#}");
    assert!(report["message"].as_str().unwrap().contains("Waiting for money"), "{report:#}");
    top_up(&home, 100).await;
    let id = report["job_id"].as_str().unwrap();
    let done = home.run(&["jobs", "wait", id, "--json"]).await.ok();
    assert_eq!((&done["state"], &done["error"]), (&json!("done"), &serde_json::Value::Null), "{done:#}");
    assert_eq!(done["cost"]["usd"], "0.36", "{done:#}");
    assert_eq!(home.sandbox.skillboss.charges().len(), 2);
}
