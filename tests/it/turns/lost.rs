//! What gets lost: tokens, sessions, answers, the service itself; and what is then known of the money.

use firstcut::sandbox::{Close, Endpoint, Fault, Moment, Rule};
use serde_json::json;

use super::{CLIP, TITLE, edit, text, unchanged, with_picture};
use crate::home::{Home, always, playable};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_anonymous_token_is_renewed() {
    let home = Home::with_faults([Rule::once(Endpoint::WithSession, Fault::ExpireToken)]).await;
    // The window in which a second token is refused has passed, as it has when a token is seven days old.
    let mut serve = home.serve().await;
    serve.talk.call_ok("check_credits", json!({})).await;
    home.sandbox.clock.advance_ms(8 * 24 * 3_600_000);
    let report = serve.generate(CLIP, 60.0).await;
    serve.hang_up().await;
    playable(&report);
    assert!(home.requests("anonymous_token").len() >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_session_is_named_and_not_replaced_in_silence() {
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, Fault::LoseSession)]).await;
    let mut serve = with_picture(&home).await;
    let report = edit(&mut serve, TITLE).await;
    unchanged(&report, "session_lost");
    assert!(text(&report, "/message").contains("its timeline is gone"), "{report:#}");
    let again = serve.talk.call_error("edit_video", json!({"instruction": "add music"})).await;
    assert!(again.starts_with("session_lost: ") && again.contains("Start a new one"), "{again}");
    serve.hang_up().await;
    assert_eq!((home.messages().len(), home.requests("with_session").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_stays_away_ends_the_job_and_the_same_call_starts_anew() {
    let away = Fault::Status { status: 503, code: None, message: None, retry_after_s: None };
    let home = Home::with_faults([always(Endpoint::WithSession, away)]).await;
    let ran = home.run(&["make", CLIP, "--json"]).await;
    assert_eq!(ran.code, Some(21), "{ran:?}");
    unchanged(&ran.json(), "unavailable");
    assert_eq!(home.messages().len(), 0);
    home.no_more_faults();
    let report = home.run(&["make", CLIP, "--json"]).await.ok();
    assert_ne!(report["job_id"], ran.json()["job_id"], "what had no effect may be asked for again");
    playable(&report);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_and_cannot_be_seen_is_uncertain_until_somebody_looks() {
    let forbidden = || Fault::Status { status: 403, code: None, message: None, retry_after_s: None };
    let home = Home::with_faults([
        Rule::once(Endpoint::RunSse, Fault::LostAnswer { how: Close::Eof }),
        Rule { nth: 2, ..always(Endpoint::State, forbidden()) },
    ])
    .await;
    let ran = home.run(&["make", CLIP, "--json"]).await;
    assert_eq!(ran.code, Some(23), "{ran:?}");
    let report = ran.json();
    assert_eq!(
        (text(&report, "/state"), text(&report, "/error/money")),
        ("uncertain", "unknown"),
        "{report:#}"
    );
    assert_eq!(report["error"]["retry_is_safe"], false, "{report:#}");
    assert_eq!(report["cost"]["worst_case_credits"], 100.0, "{report:#}");
    let id = text(&report, "/job_id");
    assert!(text(&report, "/error/next").contains("jobs adopt"), "{report:#}");
    let same = home.run(&["make", CLIP, "--json"]).await.json();
    assert_eq!(same["job_id"], id, "the same call is the same job: {same:#}");
    assert_eq!(
        home.run(&["jobs", "list", "--state", "uncertain", "--json"]).await.ok()["jobs"][0]["job_id"],
        id
    );

    home.no_more_faults();
    playable(&home.run(&["jobs", "adopt", id, "--json"]).await.ok());
    assert_eq!((home.messages().len(), home.charged(CLIP)), (1, vec![100]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_says_so() {
    let forbidden = Fault::Status { status: 403, code: None, message: None, retry_after_s: None };
    let cut = Fault::CutStream { at: Moment::BeforeChange, how: Close::Eof };
    let home = Home::with_faults([
        Rule::once(Endpoint::RunSse, cut),
        Rule { nth: 2, ..always(Endpoint::Credits, forbidden) },
    ])
    .await;
    let report = home.run(&["make", CLIP, "--json"]).await.json();
    assert_eq!(text(&report, "/state"), "uncertain", "without the balance nobody can tell: {report:#}");
    let dropped = home.run(&["jobs", "drop", text(&report, "/job_id"), "--json"]).await.ok();
    assert_eq!(
        (text(&dropped, "/state"), text(&dropped, "/error/money")),
        ("failed", "unknown"),
        "{dropped:#}"
    );
    assert!(!dropped.to_string().contains("adopt"), "there is nothing left to adopt: {dropped:#}");
    assert!(!home.run(&["jobs", "adopt", text(&report, "/job_id"), "--json"]).await.error().is_null());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_left_cost_nothing() {
    let refused = Fault::Status { status: 400, code: None, message: None, retry_after_s: None };
    for rule in [always(Endpoint::WithSession, refused.clone()), always(Endpoint::RunSse, refused)] {
        let home = Home::with_faults([rule]).await;
        let report = home.run(&["make", CLIP, "--json"]).await.json();
        assert_eq!(
            (text(&report, "/state"), text(&report, "/error/money")),
            ("failed", "not_spent"),
            "{report:#}"
        );
        assert_eq!(report["cost"]["credits"], 0.0, "{report:#}");
        assert!(report["cost"]["worst_case_credits"].is_null(), "{report:#}");
    }
}
