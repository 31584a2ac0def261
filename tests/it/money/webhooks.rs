//! Notices: late, twice, never, forged, before the answer, unsigned. They only have a job looked at, and can settle a
//! lost answer; what is true is asked for.

use std::time::Duration;

use firstcut::app::App;
use firstcut::jobs::cancel;
use firstcut::jobs::engine::{self, Reach};
use firstcut::model::job::State;
use firstcut::sandbox::{Close, Endpoint, Fault, Options, Rule, STANDARD_KEY};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::till::{all, make, nothing_is_lost, order, rest, wish};
use crate::home::{Home, kill};
use crate::patience::{PATIENCE, until};
use crate::ports::Front;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A home with a receiver in this process, and how often it is asked without notices.
struct Reached {
    home: Home,
    app: App,
    url: String,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<firstcut::error::Result<()>>,
}

impl Reached {
    async fn open(poll_s: &str, set: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> Self {
        let mut home = Home::paying(change).await;
        let front = Front::open().await;
        let url = front.url.clone();
        home.set("FIRSTCUT_PUBLIC_URL", url.clone());
        home.set("FIRSTCUT_POLL_S", poll_s);
        for (name, value) in set {
            home.set(name, *value);
        }
        let app = home.app();
        let server = firstcut::http::Server::bind(app.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        front.leads_to(server.address());
        let stop = CancellationToken::new();
        let served = tokio::spawn(server.run(stop.clone()));
        Self { home, app, url, stop, served }
    }

    async fn metric(&self, outcome: &str) -> u64 {
        let text = plain().get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap();
        let name = format!("firstcut_notices_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    }

    async fn close(self) {
        self.stop.cancel();
        self.served.await.unwrap().unwrap();
        nothing_is_lost(&self.home).await;
    }
}

/// Notices in the ledger's inbox.
async fn rows(home: &Home) -> i64 {
    let path = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("ledger.sqlite"));
    let mut ledger = SqliteConnection::connect_with(&path).await.unwrap();
    let rows = sqlx::query_scalar("SELECT COUNT(*) FROM notice").fetch_one(&mut ledger).await.unwrap();
    ledger.close().await.unwrap();
    rows
}

fn plain() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Notices alone bring it home: a poll would come only after this.
const HARDLY_EVER_S: &str = "600";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_both_dialects_a_notice_is_enough() {
    for key in [None, Some(STANDARD_KEY)] {
        for fault in [
            None,
            Some(Fault::WebhookTwice),
            Some(Fault::WebhookEarly),
            Some(Fault::WebhookForged),
            Some(Fault::WebhookLate { ms: 200 }),
        ] {
            let set: Vec<_> = key.iter().map(|key| ("SKILLBOSS_API_KEY", *key)).collect();
            let mut reached = Reached::open(HARDLY_EVER_S, &set, |_| {}).await;
            if key.is_some() {
                reached.home.set("SKILLBOSS_WHOLESALE_KEY", "");
                reached.app = reached.home.app();
            }
            reached.home.sandbox.faults.set(firstcut::sandbox::Faults::default());
            if let Some(fault) = fault.clone() {
                reached.home.sandbox.faults.add(Rule::once(Endpoint::Run, fault));
            }
            let job = order(&reached.home, &reached.app, wish("a lake")).await.unwrap();
            rest(&reached.app).await;
            let job = reached.app.ledger().await.unwrap().job(&job.id).await.unwrap();
            assert_eq!(job.state, State::Done, "{key:?} {fault:?} {job:?}");
            // The second of two comes when the job may be at rest; it is known as the same, and one row stands for both.
            if matches!(fault, Some(Fault::WebhookTwice)) {
                until("the second is known", async || reached.metric("repeated").await > 0).await;
            }
            let told = (reached.metric("taken").await, reached.metric("repeated").await);
            let (twice, forged) =
                (matches!(fault, Some(Fault::WebhookTwice)), matches!(fault, Some(Fault::WebhookForged)));
            if forged {
                assert!(told.0 >= 1, "{fault:?} {told:?}");
            } else {
                assert_eq!(told, (1, u64::from(twice)), "{key:?} {fault:?}");
                assert_eq!(rows(&reached.home).await, 1, "{key:?} {fault:?}");
            }
            assert_eq!(reached.home.bills().len(), 1);
            reached.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_notice_asking_is_enough() {
    let reached = Reached::open("0.05", &[], |_| {}).await;
    reached.home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::WebhookLost));
    order(&reached.home, &reached.app, wish("a lake")).await.unwrap();
    rest(&reached.app).await;
    assert_eq!(all(reached.app.ledger().await.unwrap()).await[0].state, State::Done);
    assert_eq!(reached.metric("taken").await, 0);
    reached.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_healed_by_a_notice_whether_it_waits_or_was_put_aside() {
    for put_aside in [false, true] {
        let reached = Reached::open("0.05", &[], |options| options.skillboss.work_ms = 0).await;
        let faults = &reached.home.sandbox.faults;
        faults.add(Rule::once(Endpoint::Run, Fault::LostAnswer { how: Close::Reset }));
        // No clock tells it: the notice is sent when its moment has come.
        faults.add(Rule::once(Endpoint::Run, Fault::WebhookLost));
        let job = order(&reached.home, &reached.app, wish("a lake")).await.unwrap();
        let stop = CancellationToken::new();
        let moving = tokio::spawn(engine::run(reached.app.clone(), Reach::Everything, stop.clone()));
        let waits = |job: &firstcut::model::job::Job| {
            job.state == State::Submitting && job.note.as_deref().is_some_and(|note| note.contains("notice"))
        };
        reached.home.job_that(waits).await;
        if put_aside {
            cancel::cancel(&reached.app, &job.id).await.unwrap();
            reached.home.job_that(|job| job.state == State::Uncertain).await;
        }
        let told = reached.home.sandbox.skillboss.submissions().remove(0);
        let body = json!({ "request_id": told.id, "status": "OK", "payload": null }).to_string();
        let thanked = plain().post(told.webhook_url.unwrap()).body(body).send().await.unwrap();
        assert!(thanked.status().is_success(), "{thanked:?}");
        reached.home.job_that(|job| job.state == State::Done).await;
        stop.cancel();
        moving.await.unwrap().unwrap();
        assert_eq!((reached.home.requests("run").len(), reached.home.bills().len()), (1, 1));
        reached.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_secret_only_a_signed_notice_counts() {
    for (fault, taken) in
        [(None, true), (Some(Fault::WebhookUnsigned), false), (Some(Fault::WebhookBadSignature), false)]
    {
        let secret = |options: &mut Options| options.skillboss.webhooks.secret = Some(SECRET.to_owned());
        let poll = if taken { HARDLY_EVER_S } else { "0.1" };
        // Two keys while one is being replaced.
        let keys = format!("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,{SECRET}");
        let reached = Reached::open(poll, &[("FIRSTCUT_WEBHOOK_SECRETS", &keys)], secret).await;
        if let Some(fault) = fault.clone() {
            reached.home.sandbox.faults.add(Rule::once(Endpoint::Run, fault));
        }
        order(&reached.home, &reached.app, wish("a lake")).await.unwrap();
        rest(&reached.app).await;
        assert_eq!(all(reached.app.ledger().await.unwrap()).await[0].state, State::Done);
        let deliveries = || {
            let told = reached.home.sandbox.skillboss.deliveries();
            told.first().and_then(|one| one["status"].as_u64())
        };
        reached.home.until("it was told", |_| deliveries().is_some()).await;
        let status = if taken { 200 } else { 401 };
        assert_eq!(deliveries(), Some(status), "{fault:?}");
        assert_eq!(reached.metric("taken").await > 0, taken);
        assert_eq!(reached.metric("refused").await > 0, !taken);
        reached.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_strangers_send_is_refused_and_changes_nothing() {
    let reached = Reached::open("0.05", &[], |_| {}).await;
    let other = order(&reached.home, &reached.app, wish("a hill")).await.unwrap();
    rest(&reached.app).await;
    let ledger = reached.app.ledger().await.unwrap();
    // Its answer is lost, so that a notice could move it.
    let faults = &reached.home.sandbox.faults;
    faults.add(Rule::once(Endpoint::Run, Fault::LostAnswer { how: Close::Reset }));
    faults.add(Rule::once(Endpoint::Run, Fault::WebhookLost));
    let job = order(&reached.home, &reached.app, wish("a lake")).await.unwrap();
    let stop = CancellationToken::new();
    let moving = tokio::spawn(engine::run(reached.app.clone(), Reach::Everything, stop.clone()));
    reached
        .home
        .job_that(|it| {
            it.id == job.id && it.attempts > 0 && it.note.as_deref().is_some_and(|n| n.contains("notice"))
        })
        .await;
    cancel::cancel(&reached.app, &job.id).await.unwrap();
    reached.home.job_that(|it| it.state == State::Uncertain).await;

    let told = reached.home.sandbox.skillboss.submissions();
    let genuine = told.last().unwrap().webhook_url.clone().unwrap();
    let theirs = told.first().unwrap().webhook_url.clone().unwrap();
    let body = json!({ "request_id": told.last().unwrap().id, "status": "OK", "payload": null }).to_string();
    let swapped = {
        // The seal of one job under the name of another.
        let (_, seal) = theirs.split_at(theirs.rfind(".1.").unwrap());
        let (front, _) = genuine.split_at(genuine.rfind(".1.").unwrap());
        format!("{front}{seal}")
    };
    let large = format!("{{\"request_id\":\"{}\"}}", "x".repeat(70 * 1024));
    for (url, body, status) in [
        (format!("{}/hooks/v1/nonsense", reached.url), body.as_str(), StatusCode::NOT_FOUND),
        (genuine.replace(".1.", ".2."), &body, StatusCode::NOT_FOUND),
        (genuine[..genuine.len() - 2].to_owned(), &body, StatusCode::NOT_FOUND),
        (swapped, &body, StatusCode::NOT_FOUND),
        (genuine.clone(), "nonsense", StatusCode::BAD_REQUEST),
        (genuine.clone(), "{}", StatusCode::BAD_REQUEST),
        (genuine.clone(), &large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = plain().post(&url).body(body.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), status, "{url} {body:.40}");
    }
    // Somebody who knows the address names the work of another job: it is not taken for this one.
    let lie = json!({ "request_id": told.first().unwrap().id, "status": "OK", "payload": null }).to_string();
    assert!(plain().post(&genuine).body(lie).send().await.unwrap().status().is_success());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ledger.job(&job.id).await.unwrap().state, State::Uncertain);
    // A body that never ends is given up.
    let mut slow = tokio::net::TcpStream::connect(reached.url.trim_start_matches("http://")).await.unwrap();
    let path = &genuine[reached.url.len()..];
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let hung_up = tokio::time::timeout(PATIENCE, slow.read_to_string(&mut answer)).await;
    hung_up.expect("it is waited for").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    // And the truth heals it.
    assert!(plain().post(&genuine).body(body).send().await.unwrap().status().is_success());
    reached.home.job_that(|it| it.id == job.id && it.state == State::Done).await;
    stop.cancel();
    moving.await.unwrap().unwrap();
    assert_eq!(ledger.job(&other.id).await.unwrap().state, State::Done);
    assert_eq!(reached.home.bills().len(), 2);
    reached.close().await;
}

/// The sender tries once more at most, so it is thanked only for what cannot be lost any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_is_answered_when_it_is_on_the_disk_and_not_before() {
    let reached = Reached::open("0.05", &[], |_| {}).await;
    reached.home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::WebhookLost));
    order(&reached.home, &reached.app, wish("a lake")).await.unwrap();
    rest(&reached.app).await;
    let told = reached.home.sandbox.skillboss.submissions().remove(0);
    let address = told.webhook_url.unwrap();
    let body = json!({ "request_id": told.id, "status": "OK", "payload": null }).to_string();
    let path = sqlx::sqlite::SqliteConnectOptions::new().filename(reached.home.path().join("ledger.sqlite"));
    let mut other = SqliteConnection::connect_with(&path).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let notice = tokio::spawn(plain().post(&address).body(body.clone()).send());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!notice.is_finished(), "it was answered before it could be written down");
    assert_eq!(rows(&reached.home).await, 0);
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(notice.await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(rows(&reached.home).await, 1);
    // What cannot be written down at all is to be sent again.
    sqlx::query("ALTER TABLE notice RENAME TO gone").execute(&mut other).await.unwrap();
    let refused = plain().post(&address).body(body.replace("OK", "ERROR")).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    sqlx::query("ALTER TABLE gone RENAME TO notice").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    reached.close().await;
}

/// Every 5 to 10 s (wholesale video API, "Poll status"), and not all jobs at once.
#[test]
fn running_work_is_asked_for_every_five_to_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let around = firstcut::config::Surroundings::only(folder.path());
    let app =
        App::build(firstcut::config::Config::load(&firstcut::config::Overrides::default(), &around).unwrap());
    let pauses: Vec<_> =
        (0..200).map(|_| app.jitter(app.poll(firstcut::model::job::Service::SkillBoss))).collect();
    let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
    assert!(*least >= Duration::from_secs(5) && *most <= Duration::from_secs(10), "{least:?} {most:?}");
    assert!(*most - *least > Duration::from_secs(2), "they are spread: {least:?} {most:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_listens() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_POLL_S", HARDLY_EVER_S);
    // Either door takes notices.
    for words in [["worker", "--listen", "127.0.0.1:0"], ["serve", "--http", "127.0.0.1:0"]] {
        notices_reach(&mut home, &words).await;
    }
    nothing_is_lost(&home).await;
}

async fn notices_reach(home: &mut Home, words: &[&str]) {
    let front = Front::open().await;
    home.set("FIRSTCUT_PUBLIC_URL", front.url.clone());
    let mut worker = home.command(words).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let _stays_open = worker.stdin.take();
    front.follow(worker.stderr.take().unwrap());
    front.ready().await;
    let well = plain().get(format!("{}/healthz", front.url)).send().await.unwrap();
    assert!(well.status().is_success(), "{words:?}: {well:?}");
    let report = home.run(&make(&format!("a lake by {}", words.join(" ")))).await.ok();
    assert_eq!(report["state"], "done", "{report:#}");
    kill(&mut worker).await;
}
