//! MCP over HTTP through real sockets: both protocols, mistakes, many at once, and how it ends.

mod access;
mod process;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::http::{Access, Server};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{initialize_params, modern_meta};
use crate::patience::{PATIENCE, until};

/// A client of HTTP that knows nothing of us.
fn plain() -> reqwest::Client {
    // Whoever comes first in this process brings the means for https.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A door on a free port.
struct Door {
    address: SocketAddr,
    caller: reqwest::Client,
    stop: CancellationToken,
    serving: JoinHandle<firstcut::error::Result<()>>,
    home: TempDir,
}

impl Door {
    async fn open(settings: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut around = Surroundings::only(home.path())
            .and("FIRSTCUT_SERVICE", "sandbox")
            .and("FIRSTCUT_PREVIEW", "none")
            .and("FIRSTCUT_POLL_S", "0.05");
        for (name, value) in settings {
            around = around.and(name, value);
        }
        let app = App::build(Config::load(&Overrides::default(), &around).unwrap());
        let stop = CancellationToken::new();
        let server = Server::bind(app.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let access = Access::new(app.config(), address).unwrap().expect("it may be opened");
        let server = server.with(access.guard(firstcut::mcp::http::routes(&app, stop.clone())));
        let engine = firstcut::mcp::move_jobs(app, stop.clone());
        let on_the_way = stop.clone();
        let serving = tokio::spawn(async move {
            let (served, ()) = tokio::join!(server.run(on_the_way), engine);
            served
        });
        let caller = plain();
        Self { address, caller, stop, serving, home }
    }

    fn post(&self, body: impl Into<String>) -> RequestBuilder {
        self.caller
            .post(format!("http://{}/mcp", self.address))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body.into())
    }

    /// A request of the newer protocol.
    fn ask(&self, method: &str, mut params: Value) -> RequestBuilder {
        params["_meta"] = modern_meta();
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        let request = self.post(body.to_string());
        let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        if name.is_empty() { request } else { request.header("mcp-name", name) }
    }

    fn call(&self, tool: &str, arguments: Value) -> RequestBuilder {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// The name of a new session of the older protocol.
    async fn session(&self) -> String {
        let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize_params()});
        let answer = self.post(hello.to_string()).send().await.unwrap();
        let id = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        assert_eq!(body(answer).await["result"]["protocolVersion"], "2025-11-25");
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(self.within(&id, &ready).send().await.unwrap().status(), StatusCode::ACCEPTED);
        id
    }

    fn within(&self, session: &str, message: &Value) -> RequestBuilder {
        self.post(message.to_string())
            .header("mcp-session-id", session)
            .header("mcp-protocol-version", "2025-11-25")
    }

    async fn call_within(&self, session: &str, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        let message = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params});
        body(self.within(session, &message).send().await.unwrap()).await
    }

    async fn close(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.serving).await.expect("it stays").unwrap().unwrap();
    }
}

/// The answer, whether it came as JSON or as the last event of a stream.
async fn body(answer: Response) -> Value {
    let text = answer.text().await.unwrap();
    let last =
        text.lines().filter_map(|line| line.strip_prefix("data:")).rfind(|data| !data.trim().is_empty());
    serde_json::from_str(last.unwrap_or(&text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn told(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    (answer.status(), body(answer).await)
}

#[tokio::test]
async fn the_newer_protocol_needs_no_session() {
    let door = Door::open(&[]).await;
    let answer = door.ask("tools/list", json!({})).send().await.unwrap();
    assert!(answer.headers().get("mcp-session-id").is_none());
    assert_eq!(answer.headers()["content-type"], "application/json");
    let listed = body(answer).await;
    assert!(listed["result"]["tools"].as_array().unwrap().len() >= 11, "{listed}");
    let (_, credits) = told(door.call("check_credits", json!({}))).await;
    assert_eq!(credits["result"]["structuredContent"]["service"], "sandbox", "{credits}");
    // A video was made, and still no call knows of another's session.
    let arguments = json!({"prompt": "a 1-second 360p video of a gull", "wait_seconds": 120});
    let (_, made) = told(door.call("generate_video", arguments)).await;
    assert_eq!(made["result"]["structuredContent"]["state"], "done", "{made}");
    let (_, state) = told(door.call("session_state", json!({}))).await;
    assert_eq!(state["result"]["isError"], true, "{state}");
    let session = json!({"session_id": made["result"]["structuredContent"]["session_id"]});
    let (_, state) = told(door.call("session_state", session)).await;
    assert_eq!(state["result"]["isError"], false, "{state}");
    // Nor does the command line of this machine go on with it.
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstcut"));
    command.args(["state", "--json"]).env_clear().env("FIRSTCUT_HOME", door.home.path());
    let output = command.env("FIRSTCUT_SERVICE", "sandbox").stdin(Stdio::null()).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["error"]["code"], "not_found", "{told}");
    door.close().await;
}

#[tokio::test]
async fn mistakes_are_told_as_the_protocol_says() {
    let door = Door::open(&[]).await;
    for (request, status, code) in [
        (door.ask("firstcut/nothing", json!({})), StatusCode::NOT_FOUND, -32601),
        (door.call("generate_vidoe", json!({})), StatusCode::OK, -32602),
        (door.post("{this is not json"), StatusCode::BAD_REQUEST, -32700),
        (door.post("[1, 2]"), StatusCode::BAD_REQUEST, -32600),
        (door.post("{\"jsonrpc\": \"2.0\"}"), StatusCode::BAD_REQUEST, -32600),
        (
            door.ask("tools/list", json!({})).header("mcp-method", "tools/call"),
            StatusCode::BAD_REQUEST,
            -32020,
        ),
    ] {
        let (found, answer) = told(request).await;
        assert_eq!((found, &answer["error"]["code"]), (status, &json!(code)), "{answer}");
    }
    // In a session they come with 200, as the older protocol has it.
    let session = door.session().await;
    for (method, params, code) in
        [("firstcut/nothing", json!({}), -32601), ("tools/call", json!({"name": "nothing"}), -32602)]
    {
        let message = json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": params});
        let (found, answer) = told(door.within(&session, &message)).await;
        assert_eq!((found, &answer["error"]["code"]), (StatusCode::OK, &json!(code)), "{answer}");
    }
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(5 * 1024 * 1024));
    // The answer may come before everything was said.
    if let Ok(answer) = door.post(large).send().await {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    let text = door.caller.post(format!("http://{}/mcp", door.address)).body("{}");
    let text =
        text.header("accept", "application/json, text/event-stream").header("content-type", "text/plain");
    assert_eq!(text.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    door.close().await;
}

#[tokio::test]
async fn each_session_has_a_current_one_of_its_own() {
    let door = Door::open(&[]).await;
    let (one, other) = (door.session().await, door.session().await);
    let arguments = json!({"prompt": "a 1-second 360p video of a tram", "wait_seconds": 120});
    let made = door.call_within(&one, "generate_video", arguments).await;
    assert_eq!(made["result"]["structuredContent"]["state"], "done", "{made}");
    let state = door.call_within(&one, "session_state", json!({})).await;
    assert_eq!(
        state["result"]["structuredContent"]["session_id"],
        made["result"]["structuredContent"]["session_id"]
    );
    let state = door.call_within(&other, "session_state", json!({})).await;
    assert_eq!(state["result"]["isError"], true, "nothing of another's: {state}");

    // The end of a session is its end.
    let url = format!("http://{}/mcp", door.address);
    let gone = door.caller.delete(url).header("mcp-session-id", &one).send().await.unwrap();
    assert!(gone.status().is_success());
    let message = json!({"jsonrpc": "2.0", "id": 4, "method": "tools/list", "params": {}});
    for session in [one.as_str(), "never-heard-of"] {
        let answer = door.within(session, &message).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_at_once_are_all_answered() {
    let door = Door::open(&[]).await;
    let session = door.session().await;
    let calls = (0..200).map(|turn| {
        let request = match turn % 4 {
            0 => door.ask("tools/list", json!({})),
            1 => door.call("check_job", json!({"job_id": format!("{turn}")})),
            2 => door.call("export", json!({"nonsense": turn})),
            _ => {
                let params = json!({"name": "check_job", "arguments": {"job_id": "x"}});
                let message = json!({"jsonrpc": "2.0", "id": turn, "method": "tools/call", "params": params});
                door.within(&session, &message)
            }
        };
        async move { (turn, told(request).await) }
    });
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.len(), 200);
    for (turn, (status, answer)) in answers {
        assert_eq!(status, StatusCode::OK, "{turn}: {answer}");
        let lists = answer["result"]["tools"].is_array();
        assert_eq!(lists, turn % 4 == 0, "{turn}: {answer}");
        assert!(lists || answer["result"]["isError"] == true, "{turn}: {answer}");
        assert_eq!(answer["id"], if turn % 4 == 3 { turn } else { 7 }, "{answer}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_answered_before_the_end() {
    let door = Door::open(&[]).await;
    let session = door.session().await;
    let standing = door
        .caller
        .get(format!("http://{}/mcp", door.address))
        .header("mcp-session-id", &session)
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(standing.status(), StatusCode::OK);
    let long = |prompt: &str| json!({"prompt": prompt, "duration_seconds": 60, "wait_seconds": 120});
    let waiting = tokio::spawn(told(door.call("generate_video", long("a long road"))));
    let session_params = json!({"name": "generate_video", "arguments": long("a longer road")});
    let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": session_params});
    let within = tokio::spawn(told(door.within(&session, &message)));
    // Both are written down before anything else.
    until("both are listed", async || {
        let (_, listed) = told(door.call("list_jobs", json!({}))).await;
        listed["result"]["structuredContent"]["jobs"].as_array().unwrap().len() == 2
    })
    .await;
    let began = Instant::now();
    door.stop.cancel();
    for answer in [waiting, within] {
        let (_, answer) = answer.await.unwrap();
        let report = &answer["result"]["structuredContent"];
        assert!(report["job_id"].as_str().unwrap().starts_with("job_"), "{answer}");
        assert_ne!(report["state"], "done", "{answer}");
    }
    tokio::time::timeout(PATIENCE, door.serving).await.unwrap().unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(20), "a stream that never ends holds nobody up");
    drop(standing);
}
