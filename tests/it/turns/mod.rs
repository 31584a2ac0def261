//! Turns in trouble, from an assistant's side: what it is told must be true, whatever the service did or said.

mod export;
mod lost;
mod order;

use firstcut::sandbox::{Close, Endpoint, Fault, Moment, Rule, Silence};
use serde_json::{Value, json};

use crate::home::{Home, Serve, playable};

const CLIP: &str = "generate a 1-second 360p video of a lake";
const TITLE: &str = "add a title \"Urban Dreams\"";
const PICTURE: &[u8] = include_bytes!("../../fixtures/media/picture.png");

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
async fn silence_is_the_same_at_the_command_line() {
    let home = Home::with(|options| options.silence = Silence::Always).await;
    let file = home.write("picture.png", PICTURE);
    home.run(&["upload", file.to_str().unwrap(), "--json"]).await.ok();
    changed(&home.run(&["edit", TITLE, "--json"]).await.ok());
}
