//! Tokens, sessions, credits, claims: the plain endpoints and their checks.

use firstcut::sandbox::{Account, EntryKind, Options, Plan, Sandbox};
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use super::guest::{Guest, answer, http, instant, ok};

const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

#[tokio::test]
async fn a_token_opens_sessions_and_shows_credits() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.prices.starting_credits = 100;
    let sandbox = Sandbox::start(options).await.unwrap();
    let asked = http().post(format!("{}/api/auth/anonymous-token", sandbox.url)).header("X-Client-Id", "one");
    let got = ok(asked).await;
    assert_eq!(got["code"], 0);
    let data = &got["data"];
    assert!(data["token"].as_str().unwrap().starts_with("nmv_usr_"));
    assert_eq!(data["token"].as_str().unwrap().len(), 8 + 43);
    assert!(data["user_id"].as_str().unwrap().starts_with("anon_"));
    assert_eq!(data["credits"], 100);
    assert!(data["expires_at"].as_str().unwrap().ends_with('Z'));

    let guest = Guest::named(&sandbox, "two").await;
    assert_eq!(guest.session.len(), 19);
    assert!(guest.session.parse::<u64>().unwrap() > 1 << 53);
    assert!(guest.task.starts_with("task_") && guest.user.starts_with("anon_"));
    assert_eq!(guest.credits().await, [100, 0, 100]);
    let state = guest.state().await;
    assert_eq!(state["session_id"], guest.session.as_str());
    assert_eq!(state["user_id"], guest.user.as_str());
    assert_eq!(state["state"]["draft"], serde_json::Value::Null);
    assert_eq!(state["state"]["video_infos"], json!([]));
    sandbox.stop().await;
}

#[tokio::test]
async fn client_ids_are_checked_and_limited() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.peer_limit = Some(3);
    let sandbox = Sandbox::start(options).await.unwrap();
    let ask = |id: Option<&str>| {
        let request = http().post(format!("{}/api/auth/anonymous-token", sandbox.url));
        answer(if let Some(id) = id { request.header("X-Client-Id", id) } else { request })
    };
    for bad in [None, Some(""), Some("  "), Some(&*"x".repeat(65))] {
        let (status, body) = ask(bad).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!(400)), "{bad:?}");
        assert_eq!(body["message"], body["msg"]);
    }
    assert_eq!(ask(Some(&"x".repeat(64))).await.0, StatusCode::OK);
    assert_eq!(ask(Some(&"x".repeat(64))).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(Some("b")).await.0, StatusCode::OK);
    assert_eq!(ask(Some("c")).await.0, StatusCode::OK);
    assert_eq!(ask(Some("d")).await.0, StatusCode::TOO_MANY_REQUESTS);
    sandbox.clock.advance_ms(WEEK_MS + 1);
    assert_eq!(ask(Some("b")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_same_token_again_when_asked_so() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.same_token_again = true;
    let sandbox = Sandbox::start(options).await.unwrap();
    let (first, second) = (Guest::named(&sandbox, "me").await, Guest::named(&sandbox, "me").await);
    assert_eq!(first.token, second.token);
    assert_ne!(first.session, second.session);
}

#[tokio::test]
async fn tokens_are_wanted_and_expire() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let path = format!("{}/api/credits/balance/simple", sandbox.url);
    for request in [
        http().get(&path),
        http().get(&path).bearer_auth("nmv_usr_nobody"),
        http().get(&path).bearer_auth(""),
    ] {
        let (status, body) = answer(request).await;
        assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!(1001)));
        assert_eq!(body["data"], serde_json::Value::Null);
    }
    sandbox.clock.advance_ms(WEEK_MS + 1);
    assert_eq!(answer(guest.get("/api/credits/balance/simple")).await.1["code"], 1001);
}

#[tokio::test]
async fn errors_can_come_inside_200() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.errors_as_200 = true;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    assert_eq!(ok(http().get(format!("{}/api/credits/balance/simple", sandbox.url))).await["code"], 1001);
    assert_eq!(ok(guest.get("/api/state/nemo_agent/me/123/latest")).await["code"], 1002);
    assert_eq!(
        ok(guest.post(&format!("/api/upload-video/nemo_agent/me/{}", guest.session)).multipart(
            reqwest::multipart::Form::new()
                .part("files", reqwest::multipart::Part::bytes(b"hi".to_vec()).file_name("a.txt")),
        ))
        .await["code"],
        4001
    );
}

#[tokio::test]
async fn sessions_belong_to_their_user() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let (mine, other) = (Guest::arrive(&sandbox).await, Guest::arrive(&sandbox).await);
    let path = |user: &str| format!("/api/state/nemo_agent/{user}/{}/latest", mine.session);
    assert_eq!(answer(mine.get(&path("me"))).await.0, StatusCode::OK);
    assert_eq!(answer(mine.get(&path(&mine.user))).await.0, StatusCode::OK);
    for (guest, user) in [(&mine, other.user.as_str()), (&other, "me"), (&other, mine.user.as_str())] {
        let (status, body) = answer(guest.get(&path(user))).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!(1002)));
    }
    let (status, body) = answer(mine.post("/api/tasks/me/with-session/nemo_agent").body("no json")).await;
    assert_eq!((status, body["detail"].is_array()), (StatusCode::UNPROCESSABLE_ENTITY, true));
    assert_eq!(answer(mine.post("/api/nothing")).await.1, json!({ "detail": "Not Found" }));
}

#[tokio::test]
async fn projects_can_be_claimed() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let claim = |task: &str| {
        guest.post("/api/auth/claim-token").json(&json!({ "task_id": task, "session_id": guest.session }))
    };
    let got = ok(claim(&guest.task)).await;
    assert!(got["data"]["claim_token"].as_str().unwrap().starts_with("clm_"));
    assert_eq!(got["data"]["expires_in"], 604_800);
    assert_eq!(answer(claim("task_other")).await.1["code"], 1002);
}

#[tokio::test]
async fn registered_users_keep_their_credits() {
    let folder = TempDir::new().unwrap();
    let account =
        Account { token: "nmv_usr_known".into(), user_id: "user_7".into(), credits: 250, plan: Plan::Free };
    let options = Options { accounts: vec![account], ..instant(&folder) };
    let sandbox = Sandbox::start(options).await.unwrap();
    let got =
        ok(http().get(format!("{}/api/credits/balance/simple", sandbox.url)).bearer_auth("nmv_usr_known"))
            .await;
    assert_eq!(got["data"]["total"], 250);
}

#[tokio::test]
async fn the_log_tells_everything_but_the_token() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    guest.told("what is on the timeline?").await;
    let log =
        http().get(format!("{}/__sandbox/log", sandbox.url)).send().await.unwrap().text().await.unwrap();
    assert!(!log.contains(&guest.token));
    let entries = sandbox.log.entries().unwrap();
    assert_eq!(log.lines().count(), entries.len());
    let run: Vec<_> = entries.iter().filter(|entry| entry.endpoint == "run_sse").collect();
    assert_eq!(run.len(), 2);
    assert_eq!((run[0].kind, run[1].kind), (EntryKind::Request, EntryKind::Answer));
    assert_eq!((run[0].seq, run[1].status), (run[1].seq, Some(200)));
    assert_eq!(run[0].text.as_deref(), Some("what is on the timeline?"));
    assert_eq!(run[0].session.as_deref(), Some(guest.session.as_str()));
    assert_eq!(run[0].body_sha256.as_ref().unwrap().len(), 64);
    assert_eq!(run[0].headers["accept"], "text/event-stream");
    assert!(run[0].token.as_ref().unwrap().starts_with("token:"));
    let reset = http().post(format!("{}/__sandbox/reset", sandbox.url)).send().await.unwrap();
    assert_eq!(reset.status(), StatusCode::OK);
    assert!(sandbox.log.entries().unwrap().is_empty());
    assert_eq!(answer(guest.get("/api/credits/balance/simple")).await.1["code"], 1001);
}

#[tokio::test]
async fn only_loopback_is_served() {
    let folder = TempDir::new().unwrap();
    let options = Options { listen: "0.0.0.0:0".parse().unwrap(), ..instant(&folder) };
    let error = Sandbox::start(options).await.unwrap_err().to_string();
    assert!(error.contains("loopback"), "{error}");
}

#[test]
fn settings_come_from_files() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sandbox.toml");
    let text = "pace = 0\nsecond_stage = { after_ms = 500 }\nadk_keys = \"1.4\"\nrender_reply = \"B\"\n\
                [prices]\nstarting_credits = 5000\n[[faults.rules]]\nendpoint = \"render_poll\"\ntimes = 2\n\
                do = { kind = \"status\", status = 503 }\n[[faults.rules]]\nendpoint = \"run_sse\"\ntext = \"music\"\ndo = \"silent\"\n";
    std::fs::write(&path, text).unwrap();
    let options = Options::from_file(&path).unwrap();
    assert_eq!((options.prices.starting_credits, options.prices.generation), (5000, 100));
    assert_eq!(options.faults.rules.len(), 2);
    std::fs::write(&path, "paces = 0").unwrap();
    let error = Options::from_file(&path).unwrap_err().to_string();
    assert!(error.contains("sandbox.toml") && error.contains("paces"), "{error}");
}
