//! Every kind of trouble, seen from outside.

use std::time::Duration;

use firstcut::sandbox::{Close, Endpoint, Fault, Faults, Moment, Rule, Sandbox};
use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::guest::{Guest, Heard, answer, http, instant, ok, strike};
use crate::patience::until;

const SHORT: &str = "generate a 1-second 360p video of a lake";
const EDIT: &str = "add a title \"Hello 世界\"";

/// A sandbox, a guest with a clip in it, and its folder.
async fn ready() -> (TempDir, Sandbox, Guest) {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told(SHORT).await;
    (folder, sandbox, guest)
}

/// Reads a stream as far as it goes; `Err` when it did not end properly.
async fn listen(request: reqwest::RequestBuilder) -> (String, bool) {
    let answer = request.send().await.unwrap();
    let mut chunks = answer.bytes_stream();
    let mut raw = Vec::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => raw.extend_from_slice(&chunk),
            Err(_) => return (String::from_utf8(raw).unwrap(), false),
        }
    }
    (String::from_utf8(raw).unwrap(), true)
}

fn charges(sandbox: &Sandbox) -> usize {
    sandbox.log.charges().unwrap().len()
}

#[tokio::test]
async fn statuses_anywhere_and_how_often() {
    let (_folder, sandbox, guest) = ready().await;
    let rules = json!({ "rules": [
        { "endpoint": "credits", "nth": 2, "times": 2,
          "do": { "kind": "status", "status": 503, "code": 1001, "message": "later", "retry_after_s": 7 } },
        { "endpoint": "state", "do": "web_page" },
    ]});
    let set = http().post(format!("{}/__sandbox/faults", sandbox.url)).json(&rules);
    assert_eq!(ok(set).await["rules"].as_array().unwrap().len(), 2);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let got = guest.get("/api/credits/balance/simple").send().await.unwrap();
        seen.push(got.status().as_u16());
        if got.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(got.headers()["retry-after"], "7");
            assert_eq!(got.json::<Value>().await.unwrap()["code"], 1001);
        }
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    let page = guest.get(&format!("/api/state/nemo_agent/me/{}/latest", guest.session)).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let told = ok(http().get(format!("{}/__sandbox/faults", sandbox.url))).await;
    assert_eq!(told["rules"][0]["struck"], 2);
    let struck =
        sandbox.log.requests().unwrap().into_iter().filter(|entry| entry.faults == ["status"]).count();
    assert_eq!(struck, 2);
    let bad = http().post(format!("{}/__sandbox/faults", sandbox.url)).json(&json!({ "do": "explode" }));
    let (status, body) = answer(bad).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["error"].as_str().unwrap().contains("explode"), "{body}");
}

#[tokio::test]
async fn answers_that_never_come() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::Credits, Fault::Hang);
    // Given up only after it has arrived: the rule would strike the next one else.
    let arrived = || sandbox.log.requests().unwrap().len();
    let before = arrived();
    let waiting = tokio::spawn(guest.get("/api/credits/balance/simple").send());
    until("it arrives", async || arrived() > before).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    waiting.abort();
    for how in [Close::Eof, Close::Reset] {
        strike(&sandbox, Endpoint::Credits, Fault::Cut { how });
        let cut = guest.get("/api/credits/balance/simple").send().await.unwrap_err();
        assert!(!cut.is_timeout() && cut.status().is_none(), "{cut:?}");
    }
    strike(&sandbox, Endpoint::Credits, Fault::Delay { ms: 5 });
    guest.credits().await;
}

#[tokio::test]
async fn answers_that_are_lost_after_the_work() {
    let (_folder, sandbox, guest) = ready().await;
    for (how, title) in [(Close::Eof, "one"), (Close::Reset, "two")] {
        strike(&sandbox, Endpoint::RunSse, Fault::LostAnswer { how });
        guest.say(&format!("add a title \"{title}\"")).send().await.unwrap_err();
        let draft = guest.draft().await.to_string();
        assert!(draft.contains(title), "{draft}");
    }
    strike(&sandbox, Endpoint::RenderSubmit, Fault::LostAnswer { how: Close::Eof });
    let draft = guest.draft().await;
    guest.submission("r", &draft).send().await.unwrap_err();
    assert_eq!(guest.finished("r").await["status"], "completed");
    let before = sandbox.log.requests().unwrap().len();
    strike(&sandbox, Endpoint::WithSession, Fault::LostAnswer { how: Close::Eof });
    guest.post("/api/tasks/me/with-session/nemo_agent").json(&json!({})).send().await.unwrap_err();
    assert_eq!(sandbox.log.requests().unwrap().len(), before + 1, "no retry was hidden from the log");
}

#[tokio::test]
async fn tokens_and_sessions_get_lost() {
    let (_folder, sandbox, mut guest) = ready().await;
    strike(&sandbox, Endpoint::State, Fault::LoseSession);
    let path = format!("/api/state/nemo_agent/me/{}/latest", guest.session);
    for _ in 0..2 {
        assert_eq!(answer(guest.get(&path)).await.1["code"], 1002);
    }
    guest.new_session().await;
    strike(&sandbox, Endpoint::RunSse, Fault::ExpireToken);
    for _ in 0..2 {
        assert_eq!(answer(guest.say(EDIT)).await.1["code"], 1001);
    }
    assert_eq!(answer(guest.get("/api/credits/balance/simple")).await.1["code"], 1001);
}

#[tokio::test]
async fn streams_cut_before_the_change() {
    for how in [Close::Eof, Close::Reset] {
        let (_folder, sandbox, guest) = ready().await;
        strike(&sandbox, Endpoint::RunSse, Fault::CutStream { at: Moment::BeforeChange, how });
        let before = guest.draft().await;
        let (raw, whole) = listen(guest.say(EDIT)).await;
        assert!(!whole && raw.contains("functionCall") && !raw.contains("functionResponse"), "{raw}");
        assert_eq!(guest.draft().await, before);
        assert_eq!((charges(&sandbox), guest.credits().await), (1, [900, 0, 900]));
    }
}

#[tokio::test]
async fn streams_cut_after_the_change() {
    for how in [Close::Eof, Close::Reset] {
        let (_folder, sandbox, guest) = ready().await;
        strike(&sandbox, Endpoint::RunSse, Fault::CutStream { at: Moment::AfterChange, how });
        let (raw, whole) = listen(guest.say(EDIT)).await;
        assert!(!whole && !raw.contains("functionResponse"), "{raw}");
        assert!(guest.draft().await.to_string().contains("Hello 世界"));
        assert_eq!((charges(&sandbox), guest.credits().await), (2, [850, 0, 850]));
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_charged_once() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::RunSse, Fault::HeartbeatsOnly { count: 5, every_ms: 20 });
    drop(guest.say(EDIT).send().await.unwrap());
    until("it is charged", async || charges(&sandbox) == 2).await;
    assert!(guest.draft().await.to_string().contains("Hello 世界"));
    assert_eq!(guest.credits().await, [850, 0, 850]);
}

#[tokio::test]
async fn errors_inside_the_stream() {
    for (fault, changed, words) in [
        (
            Fault::ErrorFrame { malformed: false, at: Moment::BeforeChange },
            false,
            "{\"error\": \"RuntimeError",
        ),
        (
            Fault::ErrorFrame { malformed: false, at: Moment::AfterChange },
            true,
            "\"error_details\": {\"error_type\"",
        ),
        (
            Fault::ErrorFrame { malformed: true, at: Moment::AfterChange },
            true,
            "said \"no\" and left\nTraceback",
        ),
        (
            Fault::ModelError { code: "SAFETY".into(), message: "no".into() },
            false,
            "\"errorCode\":\"SAFETY\"",
        ),
        (Fault::NoCredits, false, "\"errorCode\":\"2001\""),
        (Fault::ToolError, false, "content policy"),
    ] {
        let (_folder, sandbox, guest) = ready().await;
        let before = guest.draft().await;
        strike(&sandbox, Endpoint::RunSse, fault.clone());
        let (raw, whole) = listen(guest.say(EDIT)).await;
        assert!(whole && raw.contains(words), "{fault:?}: {raw}");
        assert_eq!(guest.draft().await != before, changed, "{fault:?}");
        assert_eq!(charges(&sandbox), if changed { 2 } else { 1 }, "{fault:?}");
        let frozen = guest.credits().await[1];
        assert_eq!(frozen, 0, "{fault:?}");
        assert!(!guest.told("how long is it?").await.text().is_empty(), "the session is free again");
    }
}

#[tokio::test]
async fn silence_in_all_its_forms() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::RunSse, Fault::Silent);
    let heard = guest.told(EDIT).await;
    assert_eq!((heard.text(), heard.tools().len()), (String::new(), 1));
    let after = guest.draft().await;
    assert!(after.to_string().contains("Hello 世界"));
    strike(&sandbox, Endpoint::RunSse, Fault::SilentNoop);
    let heard = guest.told("mute the music").await;
    assert_eq!((heard.text(), heard.tools().len()), (String::new(), 1));
    assert!(heard.raw.contains("\"changed\":false"));
    assert_eq!(guest.draft().await, after);
    strike(&sandbox, Endpoint::RunSse, Fault::Apology);
    let text = guest.told("mute the music").await.text();
    assert!(
        text.contains("muted")
            && text.ends_with("temporary issue while processing your request. Please try again.")
    );
}

#[tokio::test]
async fn heartbeats_and_nothing_else() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::RunSse, Fault::HeartbeatsOnly { count: 10, every_ms: 1 });
    let heard = guest.told(EDIT).await;
    for form in [
        "data: \n\n",
        "data: heartbeat\n\n",
        "data: {\"type\":\"heartbeat\"}\n\n",
        ": heartbeat\n\n",
        "event: heartbeat\ndata: \n\n",
    ] {
        assert!(heard.raw.contains(form), "{form:?} in {}", heard.raw);
    }
    assert!(heard.text().contains("Hello 世界"));
    strike(&sandbox, Endpoint::RunSse, Fault::HeartbeatsForever { every_ms: 1 });
    let before = guest.draft().await;
    let answer = guest.say("mute the music").send().await.unwrap();
    let mut chunks = answer.bytes_stream();
    for _ in 0..20 {
        assert!(
            !String::from_utf8(chunks.next().await.unwrap().unwrap().to_vec())
                .unwrap()
                .contains("functionCall")
        );
    }
    drop(chunks);
    assert_eq!(guest.draft().await, before);
}

#[tokio::test]
async fn odd_bytes_and_the_same_meaning() {
    let (_folder, sandbox, guest) = ready().await;
    let want = guest.told(EDIT).await;
    for fault in [Fault::Pieces { bytes: 1 }, Fault::Pieces { bytes: 7 }, Fault::Crlf, Fault::NoFinalBlank] {
        strike(&sandbox, Endpoint::RunSse, fault.clone());
        let raw = guest.say(EDIT).send().await.unwrap().bytes().await.unwrap();
        let raw = String::from_utf8(raw.to_vec()).unwrap();
        assert_eq!(raw.contains('\r'), fault == Fault::Crlf, "{fault:?}");
        assert_eq!(
            raw.ends_with("\n\n") || raw.ends_with("\r\n\r\n"),
            fault != Fault::NoFinalBlank,
            "{fault:?}"
        );
        let heard = Heard::of(&raw);
        assert_eq!(heard.tools(), want.tools(), "{fault:?}");
        assert!(heard.text().contains("Hello 世界"), "{fault:?}");
    }
    // one byte at a time: pieces of characters arrive alone
    strike(&sandbox, Endpoint::RunSse, Fault::Pieces { bytes: 1 });
    let mut chunks = guest.say(EDIT).send().await.unwrap().bytes_stream();
    let mut torn = false;
    while let Some(chunk) = chunks.next().await {
        torn |= std::str::from_utf8(&chunk.unwrap()).is_err();
    }
    assert!(torn);
}

#[tokio::test]
async fn thoughts_partials_and_twins() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::RunSse, Fault::Thoughts);
    let heard = guest.told(EDIT).await;
    assert!(heard.raw.contains("\"thought\":true") && !heard.text().contains("Plan the edit"));
    strike(&sandbox, Endpoint::RunSse, Fault::Partials);
    let heard = guest.told(EDIT).await;
    let partial = |event: &&Value| event["partial"] == true;
    let pieces: String = heard
        .events
        .iter()
        .filter(partial)
        .map(|event| event["content"]["parts"][0]["text"].as_str().unwrap())
        .collect();
    assert!(heard.events.iter().filter(partial).count() > 2);
    assert_eq!(pieces, heard.text());
    strike(&sandbox, Endpoint::RunSse, Fault::DuplicateIds);
    let heard = guest.told(EDIT).await;
    let [.., text, twin] = heard.events.as_slice() else { panic!("{}", heard.raw) };
    assert_eq!(text["id"], twin["id"]);
    assert!(
        twin.get("content").is_none() && !twin["actions"]["artifactDelta"].as_object().unwrap().is_empty()
    );
}

#[tokio::test]
async fn late_and_huge_changes() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    strike(&sandbox, Endpoint::RunSse, Fault::LateSecondStage { ms: 3_000 });
    strike(&sandbox, Endpoint::RunSse, Fault::HugeDelta { bytes: 3_000_000 });
    let heard = guest.told(SHORT).await;
    assert!(heard.raw.len() > 3_000_000);
    let first = guest.draft().await;
    assert_eq!(first["t"].as_array().unwrap().len(), 1);
    until("the second stage", async || guest.draft().await["t"].as_array().unwrap().len() == 3).await;
}

#[tokio::test]
async fn states_that_surprise() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::State, Fault::DraftNull);
    assert_eq!(guest.state().await["state"].get("draft"), Some(&Value::Null));
    strike(&sandbox, Endpoint::State, Fault::DraftMissing);
    assert_eq!(guest.state().await["state"].get("draft"), None);
    strike(&sandbox, Endpoint::State, Fault::UnknownTrack);
    let odd = guest.draft().await;
    assert_eq!(odd["t"].as_array().unwrap().last().unwrap()["tt"], 42);
    ok(guest.submission("odd", &odd)).await;
    assert_eq!(guest.finished("odd").await["status"], "completed");
    strike(&sandbox, Endpoint::Credits, Fault::NumbersAsStrings);
    let got = ok(guest.get("/api/credits/balance/simple")).await;
    assert_eq!((&got["code"], &got["data"]["available"]), (&json!("0"), &json!("900")));
    strike(&sandbox, Endpoint::State, Fault::NumbersAsStrings);
    let draft = guest.draft().await;
    assert_eq!((&draft["d"], &draft["t"][0]["tt"]), (&json!("1000"), &json!("0")));
    ok(guest.submission("strings", &draft)).await;
    assert_eq!(guest.finished("strings").await["status"], "completed");
}

#[tokio::test]
async fn renders_that_go_wrong() {
    let (_folder, sandbox, guest) = ready().await;
    strike(&sandbox, Endpoint::RenderSubmit, Fault::RenderFails { message: None });
    let failed = guest.render("one").await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("gave up"));
    let retried = guest.render("two").await;
    assert_eq!(retried["status"], "completed");
    strike(&sandbox, Endpoint::RenderPoll, Fault::NoUrl);
    let bare = ok(guest.get("/api/render/proxy/lambda/two")).await;
    assert_eq!((&bare["status"], bare["output"].get("url")), (&json!("completed"), None));
    let url =
        ok(guest.get("/api/render/proxy/lambda/two")).await["output"]["url"].as_str().unwrap().to_owned();

    let status = Fault::Status { status: 403, code: None, message: None, retry_after_s: None };
    strike(&sandbox, Endpoint::Cdn, status);
    assert_eq!(http().get(&url).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let fallback = guest.get("/api/render/proxy/two/download").send().await.unwrap();
    assert_eq!(fallback.status(), StatusCode::OK);

    strike(&sandbox, Endpoint::Cdn, Fault::CutBody { bytes: 100 });
    let broken = http().get(&url).send().await.unwrap();
    assert!(broken.content_length().unwrap() > 100);
    broken.bytes().await.unwrap_err();

    strike(&sandbox, Endpoint::RenderSubmit, Fault::RenderStuck);
    let draft = guest.draft().await;
    ok(guest.submission("stuck", &draft)).await;
    let status = async || ok(guest.get("/api/render/proxy/lambda/stuck")).await["status"].clone();
    until("it is begun", async || status().await != "pending").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(status().await, "processing");
    assert_eq!(guest.render("behind it").await["status"], "completed");
}

#[test]
fn rules_read_from_a_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("faults.json");
    let cut = Fault::CutStream { at: Moment::BeforeChange, how: Close::Reset };
    let rule = Rule { text: Some("music".into()), times: 0, ..Rule::once(Endpoint::RunSse, cut) };
    std::fs::write(&path, serde_json::to_string(&Faults { rules: vec![rule.clone()] }).unwrap()).unwrap();
    assert_eq!(format!("{:?}", Faults::from_file(&path).unwrap().rules[0]), format!("{rule:?}"));
    std::fs::write(&path, r#"{"rules":[{"do":{"kind":"cut_stream","when":"now"}}]}"#).unwrap();
    let error = Faults::from_file(&path).unwrap_err().to_string();
    assert!(error.contains("when"), "{error}");
}
