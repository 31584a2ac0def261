//! The service's names for what was asked of it: kept whatever becomes of the request, shown where somebody needs support,
//! and found again in its list.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use firstcut::model::job::State;
use firstcut::sandbox::{Close, Endpoint, Fault, Pace, Rule, STANDARD_KEY};

use super::till::{alter, booked, is_named, make, move_until, nothing_is_lost, order, rest, wish};
use crate::home::{Home, kill, playable};

/// A service that refuses everything, and says which request and which record that was.
async fn refusing(status: StatusCode) -> String {
    let names = [("x-request-id", "req-4711"), ("x-record-id", "rec-0815")];
    let body = r#"{"error":{"message":"no"}}"#;
    // Who is answered before everything was said may hear of a broken connection instead.
    let refuse = post(move |_: Bytes| async move { (status, names, body) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/run", refuse)).await });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_and_a_lost_answer_have_names_to_quote() {
    // A refusal in the service's own words, and a failure that may hide anything.
    for (status, state) in
        [(StatusCode::BAD_REQUEST, "failed"), (StatusCode::INTERNAL_SERVER_ERROR, "uncertain")]
    {
        let mut home = Home::paying(|_| {}).await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        let url = refusing(status).await;
        home.set("SKILLBOSS_API_URL", format!("{url}/v1"));
        let report = home.run(&make("a lake")).await.json();
        assert_eq!(report["state"], state, "{report:#}");
        assert_eq!(report["remote"]["id"], "req-4711", "{report:#}");
        assert_eq!(report["remote"]["record_id"], "rec-0815", "{report:#}");
        let shown = home.run(&["jobs", "show", report["job_id"].as_str().unwrap()]).await.stdout;
        assert!(shown.contains("id req-4711, record rec-0815 (to quote"), "{shown}");
        let books = home.run(&["jobs", "report"]).await.stdout;
        assert!(books.contains("at the service: id req-4711, record rec-0815"), "{books}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_broke_off_named_its_record_before() {
    for how in [Fault::CutBody { bytes: 10 }, Fault::StallBody { bytes: 10 }] {
        let home = Home::paying(|_| {}).await;
        home.sandbox.faults.add(Rule::once(Endpoint::Run, how.clone()));
        let report = if matches!(how, Fault::CutBody { .. }) {
            home.run(&make("a lake")).await.ok()
        } else {
            // The process dies while it reads.
            let mut process = home.start(&make("a lake"));
            let job = home.job_that(|job| job.state == State::Submitting).await;
            is_named(&home, &job.id).await;
            kill(&mut process).await;
            home.run(&["jobs", "wait", job.id.as_str(), "--json"]).await.ok()
        };
        playable(&report);
        let submitted = home.sandbox.skillboss.submissions();
        assert_eq!(report["remote"]["id"], submitted[0].id.as_str(), "{report:#}");
        let record = report["remote"]["record_id"].as_str().unwrap_or_else(|| panic!("{how:?} {report:#}"));
        let books = home.run(&["jobs", "report", "--json"]).await.ok();
        assert_eq!(books["entries"][0]["record_id"], record, "{books:#}");
    }
}

/// The standard dialect has a list: what was lost is named from it, and a person takes it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_job_is_named_from_the_services_list() {
    let mut home = Home::paying(|options| {
        options.pace = Pace::REAL;
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (50, 50);
    })
    .await;
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    home.set("SKILLBOSS_API_KEY", STANDARD_KEY);
    // One that a job here knows, and one of another program with another model: neither may be it.
    home.run(&make("another lake")).await.ok();
    let mut dearer = make("a dear lake");
    dearer[3] = "veo-3.1-fast";
    home.run(&dearer).await.ok();
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::LostAnswer { how: Close::Reset }));
    let report = home.run(&make("a lost lake")).await.json();
    assert_eq!(report["state"], "uncertain", "{report:#}");
    let lost =
        home.sandbox.skillboss.submissions().into_iter().find(|one| one.prompt == "a lost lake").unwrap();
    let next = report["next"].as_str().unwrap();
    assert!(next.contains(&format!("lists one job that may be it: {}.", lost.id)), "{next}");
    let id = report["job_id"].as_str().unwrap();
    let adopted = home.run(&["jobs", "adopt", id, "--remote-id", &lost.id, "--json"]).await.ok();
    assert_eq!(adopted["state"], "done", "{adopted:#}");
    playable(&adopted);
    assert_eq!((home.requests("run").len(), home.bills().len()), (3, 3));
    nothing_is_lost(&home).await;
}

/// Each pause is about twice the one before (wholesale video API, "Errors", 429). Nobody waits for them here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_asked_to_slow_down_doubles_the_pause() {
    let home = Home::paying(|_| {}).await;
    let slower = Fault::Status { status: 429, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(Rule { times: 7, ..Rule::once(Endpoint::Run, slower) });
    let app = home.app();
    let job = order(&home, &app, wish("a lake")).await.unwrap();
    for (times, pause_s) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60)] {
        move_until(&app, "it was refused", async |ledger| {
            let job = ledger.job(&job.id).await.unwrap();
            job.state == State::Queued && job.work["refused"] == times
        })
        .await;
        let ledger = app.ledger().await.unwrap();
        let waits = ledger.job(&job.id).await.unwrap();
        let sent = ledger.last_attempt(&job.id).await.unwrap().unwrap();
        // A third of it is luck. The clock is read after the sending and before the row is written.
        let due_at_ms = waits.due_at_ms.unwrap();
        let (most_ms, least_ms) = (due_at_ms - sent.started_at_ms, due_at_ms - waits.updated_at_ms);
        assert!(
            most_ms >= pause_s * 666 && least_ms <= pause_s * 1_334,
            "{times}: {least_ms} to {most_ms} ms"
        );
        alter(&home, &["UPDATE job SET due_at_ms = 1"]).await;
    }
    rest(&app).await;
    let job = app.ledger().await.unwrap().job(&job.id).await.unwrap();
    assert_eq!((job.state, home.bills().len()), (State::Done, 1), "{job:?}");
    assert!(booked(app.ledger().await.unwrap(), &job.id).await.charge.is_some());
}

/// Who settles what is settled is told where to look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_nothing_says_where_to_look() {
    let home = Home::paying(|_| {}).await;
    let id = home.run(&make("a lake")).await.ok()["job_id"].as_str().unwrap().to_owned();
    for words in [&["approve"][..], &["drop"], &["retry", "--yes"]] {
        let refused = home.run(&[&["jobs", words[0], &id], &words[1..], &["--json"]].concat()).await.error();
        let next = refused["next"].as_str().unwrap_or_default();
        assert!(next.contains(&format!("jobs wait {id}")), "{words:?}: {refused:#}");
    }
}
