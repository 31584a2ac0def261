//! One turn after the other: in a session, before an export, after one that was stopped, beside one of another session.

use firstcut::model::job::{JobKind, State};
use firstcut::sandbox::{Endpoint, Fault, Rule};
use serde_json::json;

use super::{CLIP, TITLE, edit, text, with_picture};
use crate::home::{Home, playable};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_turn_at_a_time_in_a_session() {
    let beats = Fault::HeartbeatsOnly { count: 8, every_ms: 50 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let mut serve = with_picture(&home).await;
    let mut jobs = Vec::new();
    for words in [TITLE, "add lo-fi music at 35%"] {
        let started = json!({"instruction": words, "wait_seconds": 0});
        let report = serve.talk.call_ok("edit_video", started).await;
        jobs.push(text(&report, "/job_id").to_owned());
        // The next call is about the session, not about the job that is under way.
        home.job_that(|job| job.session_id.is_some()).await;
    }
    for id in &jobs {
        let report = serve.rested(id).await;
        assert_eq!(report["state"], "done", "{report:#}");
    }
    serve.hang_up().await;
    assert_eq!(home.messages(), [TITLE, "add lo-fi music at 35%"], "in the order they were asked for");
    let refused = home.sandbox.log.entries().unwrap();
    assert!(
        !refused.iter().any(|entry| entry.endpoint == "run_sse" && entry.status == Some(409)),
        "{refused:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_waits_for_the_edit_before_it() {
    let beats = Fault::HeartbeatsOnly { count: 10, every_ms: 50 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let mut serve = with_picture(&home).await;
    serve
        .talk
        .call_ok(
            "edit_video",
            json!({"instruction": "trim to 1 second and add a title \"Late\"", "wait_seconds": 0}),
        )
        .await;
    let report = serve.talk.call_ok("export", json!({"wait_seconds": 60})).await;
    serve.hang_up().await;
    playable(&report);
    assert!(text(&report, "/timeline").contains("\"Late\""), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_turn_is_left_within_a_moment_and_its_risk_is_told() {
    let beats = Fault::HeartbeatsForever { every_ms: 50 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let mut serve = home.serve().await;
    let id = text(&serve.generate(CLIP, 0.0).await, "/job_id").to_owned();
    home.job_that(|job| job.kind == JobKind::Turn && job.state == State::Running).await;
    serve.talk.call_ok("cancel_job", json!({"job_id": id})).await;
    let report = serve.rested(&id).await;
    serve.hang_up().await;
    assert_eq!(report["state"], "cancelled", "{report:#}");
    assert!(
        text(&report, "/message").contains("may still change the timeline and cost credits"),
        "{report:#}"
    );
}

/// The service may still work on the first message, and cannot be told to stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_stopped_turn_the_next_one_of_its_session_waits_a_while() {
    let beats = Fault::HeartbeatsForever { every_ms: 50 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let mut serve = with_picture(&home).await;
    let started = json!({"instruction": TITLE, "wait_seconds": 0});
    let first = text(&serve.talk.call_ok("edit_video", started).await, "/job_id").to_owned();
    home.job_that(|job| job.kind == JobKind::Turn && job.state == State::Running).await;
    serve.talk.call_ok("cancel_job", json!({"job_id": first})).await;
    assert_eq!(serve.rested(&first).await["state"], "cancelled");

    let second = edit(&mut serve, "add lo-fi music at 35%").await;
    serve.hang_up().await;
    assert_eq!(second["state"], "done", "{second:#}");
    let ledger = home.ledger().await.unwrap();
    let mut sent_ms = Vec::new();
    for id in [first.as_str(), text(&second, "/job_id")] {
        sent_ms.push(ledger.last_attempt(&id.parse().unwrap()).await.unwrap().unwrap().started_at_ms);
    }
    ledger.close().await;
    // Ten pauses of the recovery rule, each as long as the poll interval here.
    assert!(sent_ms[1] - sent_ms[0] >= 1_000, "{sent_ms:?}");
    assert_eq!(home.messages(), [TITLE, "add lo-fi music at 35%"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_a_time_are_not_charged_to_each_other() {
    let home = Home::new().await;
    let mut serve = home.serve().await;
    let first = text(&serve.generate(CLIP, 0.0).await, "/job_id").to_owned();
    let second =
        text(&serve.generate("generate a 1-second 360p video of a forest", 0.0).await, "/job_id").to_owned();
    for id in [first, second] {
        let report = serve.rested(&id).await;
        playable(&report);
        let cost = &report["cost"];
        let unknown = cost["credits"].is_null() && cost["worst_case_credits"] == 100.0;
        assert!(cost["credits"] == 100.0 || unknown, "{report:#}");
    }
    serve.hang_up().await;
}
