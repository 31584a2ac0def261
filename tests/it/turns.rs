//! Turns in trouble, from an assistant's side: what it is told must be true, whatever the service did or said.

use firstcut::model::job::{JobKind, State};
use firstcut::sandbox::{Close, Endpoint, Fault, Moment, Plan, Rule, Silence};
use serde_json::{Value, json};

use crate::home::{Home, Serve, always, playable};

const CLIP: &str = "generate a 1-second 360p video of a lake";
const TITLE: &str = "add a title \"Urban Dreams\"";
const PICTURE: &[u8] = include_bytes!("../fixtures/media/picture.png");

/// A server whose session holds a picture, so that edits have something to work on.
async fn with_picture(home: &Home) -> Serve {
    let file = home.write("picture.png", PICTURE);
    let mut serve = home.serve().await;
    serve.talk.call_ok("upload", json!({"files": [file]})).await;
    serve
}

/// The report of an edit, however it ended.
async fn edit(serve: &mut Serve, words: &str) -> Value {
    let answer = serve.talk.call("edit_video", json!({"instruction": words, "wait_seconds": 60})).await;
    answer["result"]["structuredContent"].clone()
}

/// One edit in a home with these rules; the sandbox charged so often.
async fn edited(rules: impl IntoIterator<Item = Rule>, charges: usize) -> Value {
    let home = Home::with_faults(rules).await;
    let mut serve = with_picture(&home).await;
    let report = edit(&mut serve, TITLE).await;
    serve.hang_up().await;
    assert_eq!(home.messages().len(), 1, "{report:#}");
    assert_eq!(home.charged(TITLE).len(), charges, "{report:#}");
    report
}

fn text<'a>(report: &'a Value, pointer: &str) -> &'a str {
    report.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}: {report:#}"))
}

fn changed(report: &Value) {
    assert_eq!(report["state"], "done", "{report:#}");
    assert!(report["changes"].to_string().contains(r#"title \"Urban Dreams\" added"#), "{report:#}");
    assert!(text(report, "/message").contains("title \"Urban Dreams\" added"), "{report:#}");
    assert!(text(report, "/timeline").contains("Title: \"Urban Dreams\""), "{report:#}");
}

fn unchanged(report: &Value, code: &str) {
    assert_eq!((text(report, "/state"), text(report, "/error/code")), ("failed", code), "{report:#}");
    assert_eq!(text(report, "/error/money"), "not_spent", "{report:#}");
    assert!(!text(report, "/message").contains("Changed on the timeline"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_edit_is_told_in_words() {
    changed(&edited([Rule::once(Endpoint::RunSse, Fault::Silent)], 1).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_edit_that_did_nothing_is_no_success() {
    let report = edited([Rule::once(Endpoint::RunSse, Fault::SilentNoop)], 0).await;
    unchanged(&report, "declined");
    assert!(text(&report, "/message").contains("nothing was done"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_changed_nothing_says_so_whatever_the_service_said() {
    let home = Home::new().await;
    let mut serve = with_picture(&home).await;
    let report = edit(&mut serve, "add lo-fi music at 35%").await;
    assert!(text(&report, "/message").contains("Changed on the timeline: "), "{report:#}");
    let report = edit(&mut serve, "set the music volume to 35%").await;
    assert_eq!(report["state"], "done", "{report:#}");
    let message = text(&report, "/message");
    assert!(message.starts_with("Nothing on the timeline changed. NemoVideo says: \"Volume"), "{message}");
    assert!(message.ends_with("\" It cost no credits."), "{message}");
    assert!(report["changes"].is_null() && report["cost"]["credits"] == 0.0, "{report:#}");
    serve.hang_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_stream_is_settled_by_reading() {
    for how in [Close::Eof, Close::Reset] {
        let rule = |at| [Rule::once(Endpoint::RunSse, Fault::CutStream { at, how })];
        changed(&edited(rule(Moment::AfterChange), 1).await);
        unchanged(&edited(rule(Moment::BeforeChange), 0).await, "unavailable");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_in_the_stream_is_weighed_against_the_timeline() {
    for malformed in [false, true] {
        let rule = |at| [Rule::once(Endpoint::RunSse, Fault::ErrorFrame { malformed, at })];
        let report = edited(rule(Moment::AfterChange), 1).await;
        changed(&report);
        assert!(text(&report, "/message").contains("also reported a failure"), "{report:#}");
        let report = edited(rule(Moment::BeforeChange), 0).await;
        unchanged(&report, "declined");
        assert!(!report.to_string().contains("/srv/"), "internals are nobody's business: {report:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apology_after_success_is_not_passed_on() {
    let report = edited([Rule::once(Endpoint::RunSse, Fault::Apology)], 1).await;
    changed(&report);
    assert!(!report.to_string().contains("temporary issue"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_failed_is_a_failure() {
    let report = edited([Rule::once(Endpoint::RunSse, Fault::ToolError)], 0).await;
    unchanged(&report, "declined");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_the_stream_is_in_the_export() {
    let late = Fault::LateSecondStage { ms: 300 };
    let mut home = Home::with_faults([Rule::once(Endpoint::RunSse, late)]).await;
    home.set("FIRSTCUT_POLL_S", "0.5");
    let mut serve = home.serve().await;
    let report = serve.generate(CLIP, 60.0).await;
    serve.hang_up().await;
    playable(&report);
    let timeline = text(&report, "/timeline");
    assert!(timeline.contains("BGM:") && timeline.contains("Title:"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_credits_before_or_in_the_middle_leads_to_the_registration() {
    for (credits, rules) in [(0, vec![]), (10_000, vec![Rule::once(Endpoint::RunSse, Fault::NoCredits)])] {
        let home = Home::with(|options| options.prices.starting_credits = credits).await;
        rules.into_iter().for_each(|rule| home.sandbox.faults.add(rule));
        let ran = home.run(&["make", CLIP, "--json"]).await;
        assert_eq!(ran.code, Some(13), "{ran:?}");
        let report = ran.json();
        unchanged(&report, "out_of_credits");
        assert!(text(&report, "/error/next").contains("/register?bind=anon_"), "{report:#}");
        assert_eq!((home.messages().len(), home.charged("").len()), (1, 0));
    }
}

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
async fn an_export_that_the_plan_forbids_says_so_and_what_was_paid() {
    let home = Home::with(|options| options.plan = Plan::FreeBlocked).await;
    let ran = home.run(&["make", CLIP, "--json"]).await;
    assert_eq!(ran.code, Some(14), "{ran:?}");
    let report = ran.json();
    assert_eq!(
        (text(&report, "/state"), text(&report, "/error/code")),
        ("failed", "plan_required"),
        "{report:#}"
    );
    assert!(
        text(&report, "/error/next").contains("Register or upgrade your plan to unlock export."),
        "{report:#}"
    );
    assert_eq!(text(&report, "/error/money"), "spent", "the clip was paid for: {report:#}");
    assert_eq!(home.requests("render_submit").len(), 1, "asking again would not help");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_render_is_tried_once_more_and_then_told() {
    for (times, submissions, state) in [(1, 2, "done"), (0, 2, "failed")] {
        let fault = Fault::RenderFails { message: Some("node lost".into()) };
        let home = Home::with_faults([Rule { times, ..Rule::once(Endpoint::RenderSubmit, fault) }]).await;
        let report = home.run(&["make", CLIP, "--json"]).await.json();
        assert_eq!(report["state"], state, "{report:#}");
        let ids: std::collections::HashSet<_> =
            home.requests("render_submit").into_iter().map(|entry| entry.render).collect();
        assert_eq!(ids.len(), submissions, "each under an id of its own");
        assert_eq!(home.charged(CLIP), [100]);
        if state == "failed" {
            assert!(text(&report, "/message").contains("\"node lost\""), "{report:#}");
            assert!(text(&report, "/error/next").contains("use firstcut export again"), "{report:#}");
            assert_eq!(text(&report, "/error/money"), "spent", "{report:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_fetched_by_the_services_own_route_when_the_address_does_not_serve() {
    let forbidden = Fault::Status { status: 403, code: None, message: None, retry_after_s: None };
    for rule in [always(Endpoint::RenderPoll, Fault::NoUrl), always(Endpoint::Cdn, forbidden)] {
        let home = Home::with_faults([rule]).await;
        playable(&home.run(&["make", CLIP, "--json"]).await.ok());
        assert_eq!(home.requests("render_download").len(), 1);
        assert!(
            home.requests("cdn").iter().all(|entry| entry.token.is_none()),
            "no token to the file server"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_is_refused_is_asked_again() {
    let status = |status, retry_after_s| Fault::Status { status, code: None, message: None, retry_after_s };
    let home = Home::with_faults([
        Rule::once(Endpoint::RenderPoll, status(429, None)),
        Rule { nth: 2, ..Rule::once(Endpoint::RenderPoll, status(503, None)) },
        Rule { nth: 3, ..Rule::once(Endpoint::RenderPoll, Fault::Cut { how: Close::Reset }) },
        Rule::once(Endpoint::RenderSubmit, status(429, None)),
    ])
    .await;
    playable(&home.run(&["make", CLIP, "--json"]).await.ok());
}

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
async fn nobody_is_told_to_click_anything() {
    let home = Home::new().await;
    let mut serve = with_picture(&home).await;
    let mut actions = 0;
    for words in [
        TITLE,
        "add lo-fi music at 35%",
        "lower the music to 20%",
        "change the title to \"City\"",
        "add text \"Hello\" at the bottom",
        "添加标题“你好”",
        "把音乐调到50%",
    ] {
        let report = edit(&mut serve, words).await;
        assert_eq!(report["state"], "done", "{report:#}");
        let message = text(&report, "/message").to_lowercase();
        for talk in ["click", "button", "panel", "drag", "点击", "按钮", "面板", "拖拽"] {
            assert!(!message.contains(talk), "{talk}: {message}");
        }
        actions += report["actions"].as_array().map_or(0, Vec::len);
    }
    serve.hang_up().await;
    assert!(actions > 0, "the sandbox talks about its buttons, and that becomes actions");
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
async fn silence_is_the_same_at_the_command_line() {
    let home = Home::with(|options| options.silence = Silence::Always).await;
    let file = home.write("picture.png", PICTURE);
    home.run(&["upload", file.to_str().unwrap(), "--json"]).await.ok();
    changed(&home.run(&["edit", TITLE, "--json"]).await.ok());
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
