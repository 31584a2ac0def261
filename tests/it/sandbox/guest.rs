//! A plain HTTP guest of the sandbox: no client code of ours, only requests.

use std::sync::Once;

use firstcut::sandbox::{Endpoint, Fault, Options, Pace, Rule, Sandbox, Silence};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::patience::until;

/// Options of a sandbox that does not wait, in this folder, with credits for many turns.
pub(super) fn instant(folder: &TempDir) -> Options {
    let mut options = Options::in_folder(folder.path());
    options.pace = Pace::INSTANT;
    options.silence = Silence::Never;
    options.prices.starting_credits = 1000;
    options.peer_limit = None;
    options
}

pub(super) fn http() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

/// Somebody with a token and a session.
pub(super) struct Guest {
    pub(super) http: reqwest::Client,
    pub(super) url: String,
    pub(super) token: String,
    pub(super) user: String,
    pub(super) session: String,
    pub(super) task: String,
}

impl Guest {
    pub(super) async fn arrive(sandbox: &Sandbox) -> Self {
        Self::named(sandbox, &uuid::Uuid::new_v4().to_string()).await
    }

    pub(super) async fn named(sandbox: &Sandbox, client_id: &str) -> Self {
        Self::at(&sandbox.url, client_id).await
    }

    pub(super) async fn at(url: &str, client_id: &str) -> Self {
        let (http, url) = (http(), url.to_owned());
        let asked = http.post(format!("{url}/api/auth/anonymous-token")).header("X-Client-Id", client_id);
        let got: Value = asked.send().await.unwrap().json().await.unwrap();
        let token = got["data"]["token"].as_str().unwrap_or_else(|| panic!("{got}")).to_owned();
        let mut guest =
            Self { http, url, token, user: String::new(), session: String::new(), task: String::new() };
        guest.new_session().await;
        guest
    }

    pub(super) async fn new_session(&mut self) {
        let body = json!({ "task_name": "project", "language": "en" });
        let made = ok(self.post("/api/tasks/me/with-session/nemo_agent").json(&body)).await;
        let text = |key: &str| made["data"][key].as_str().unwrap().to_owned();
        (self.session, self.task, self.user) = (text("session_id"), text("task_id"), text("user_id"));
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub(super) async fn state(&self) -> Value {
        let path = format!("/api/state/nemo_agent/me/{}/latest", self.session);
        ok(self.get(&path)).await["data"].clone()
    }

    pub(super) async fn draft(&self) -> Value {
        self.state().await["state"]["draft"].clone()
    }

    pub(super) async fn credits(&self) -> [i64; 3] {
        let got = ok(self.get("/api/credits/balance/simple")).await;
        ["available", "frozen", "total"].map(|key| got["data"][key].as_i64().unwrap())
    }

    pub(super) fn say(&self, text: &str) -> RequestBuilder {
        self.post("/run_sse").header("Accept", "text/event-stream").json(&json!({
            "app_name": "nemo_agent", "user_id": "me", "session_id": self.session,
            "new_message": { "parts": [{ "text": text }] },
        }))
    }

    /// Sends a message and reads the stream to its end.
    pub(super) async fn told(&self, text: &str) -> Heard {
        let answer = self.say(text).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
        Heard::of(&answer.text().await.unwrap())
    }

    pub(super) fn submission(&self, id: &str, draft: &Value) -> RequestBuilder {
        let body = json!({ "id": id, "sessionId": self.session, "draft": draft, "output": { "format": "mp4", "quality": "high" } });
        self.attributed(self.post("/api/render/proxy/lambda")).json(&body)
    }

    pub(super) fn attributed(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("X-Skill-Source", "sora-video-generation")
            .header("X-Skill-Version", "1.0.0")
            .header("X-Skill-Platform", "unknown")
    }

    /// Renders the current draft and returns the last poll's answer.
    pub(super) async fn render(&self, id: &str) -> Value {
        let draft = self.draft().await;
        ok(self.submission(id, &draft)).await;
        self.finished(id).await
    }

    /// Polls until the render is over.
    pub(super) async fn finished(&self, id: &str) -> Value {
        let mut now = Value::Null;
        until("the render ends", async || {
            now = ok(self.get(&format!("/api/render/proxy/lambda/{id}"))).await;
            let status = now["status"].as_str().or(now["data"]["status"].as_str()).unwrap();
            !matches!(status, "pending" | "processing")
        })
        .await;
        now
    }

    pub(super) async fn upload(&self, name: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("files", part);
        answer(self.post(&format!("/api/upload-video/nemo_agent/me/{}", self.session)).multipart(form)).await
    }
}

/// Status and JSON of an answer.
pub(super) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let got = request.send().await.unwrap();
    assert_eq!(got.headers()["x-firstcut-sandbox"], "1");
    (got.status(), got.json().await.unwrap())
}

/// The JSON of an answer that must be good.
pub(super) async fn ok(request: RequestBuilder) -> Value {
    let (status, body) = answer(request).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// A stream that was heard to its end.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) raw: String,
    pub(super) events: Vec<Value>,
}

impl Heard {
    /// A reader of our own, as simple as the format allows.
    pub(super) fn of(raw: &str) -> Self {
        let events = raw
            .replace("\r\n", "\n")
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .filter_map(|data| serde_json::from_str(data.trim()).ok())
            .filter(|event: &Value| event["type"] != "heartbeat")
            .collect();
        Self { raw: raw.to_owned(), events }
    }

    /// Final, visible text.
    pub(super) fn text(&self) -> String {
        let parts = |event: &Value| event["content"]["parts"].as_array().cloned().unwrap_or_default();
        let shown: Vec<String> = self
            .events
            .iter()
            .filter(|event| event["partial"] != true)
            .flat_map(parts)
            .filter(|part| part["thought"] != true)
            .filter_map(|part| part["text"].as_str().map(str::to_owned))
            .collect();
        shown.join("\n")
    }

    pub(super) fn tools(&self) -> Vec<String> {
        let name =
            |event: &Value| event["content"]["parts"][0]["functionCall"]["name"].as_str().map(str::to_owned);
        self.events.iter().filter_map(name).collect()
    }
}

/// A rule for one fault at one place.
pub(super) fn strike(sandbox: &Sandbox, endpoint: Endpoint, fault: Fault) {
    sandbox.faults.add(Rule::once(endpoint, fault));
}
