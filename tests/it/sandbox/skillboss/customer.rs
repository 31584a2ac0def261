//! A plain HTTP customer of SkillBoss' half: no client code of ours, only requests.

use firstcut::sandbox::{Clips, Endpoint, Fault, Options, Rule, STANDARD_KEY, Sandbox, WHOLESALE_KEY};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::guest::{answer, http, instant, ok};
use crate::patience::until;

/// Options of a sandbox that does not wait and makes tiny clips.
pub(super) fn tiny(folder: &TempDir) -> Options {
    let mut options = instant(folder);
    options.skillboss.clips = Clips::Tiny;
    options.skillboss.webhooks.loopback = true;
    options
}

pub(super) async fn started(with: impl FnOnce(&mut Options)) -> (TempDir, Sandbox) {
    let folder = TempDir::new().unwrap();
    let mut options = tiny(&folder);
    with(&mut options);
    let sandbox = Sandbox::start(options).await.unwrap();
    (folder, sandbox)
}

/// Somebody with a key.
pub(super) struct Customer {
    pub(super) http: reqwest::Client,
    pub(super) url: String,
    pub(super) key: String,
}

impl Customer {
    pub(super) fn standard(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, STANDARD_KEY)
    }

    pub(super) fn wholesale(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, WHOLESALE_KEY)
    }

    pub(super) fn with(sandbox: &Sandbox, key: &str) -> Self {
        Self { http: http(), url: sandbox.url.clone(), key: key.to_owned() }
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    /// A submission of an 8-second clip, with more or other fields of the body.
    pub(super) fn run(&self, with: Value) -> RequestBuilder {
        let inputs = json!({ "prompt": "a lake at dawn", "duration_seconds": 8, "aspect_ratio": "9:16" });
        let mut body = json!({ "model": "veo-3.1", "inputs": inputs, "async": true });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        self.post("/v1/run").json(&body)
    }

    /// The same, sent; the new job's id.
    pub(super) async fn job(&self, with: Value) -> String {
        let got = self.run(with).send().await.unwrap();
        let status = got.status();
        let body: Value = got.json().await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        let id = body.get("job_id").or(body.get("request_id"));
        id.and_then(Value::as_str).unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    pub(super) fn asked(&self, id: &str) -> RequestBuilder {
        self.get(&if id.starts_with("job_") {
            format!("/v1/job/{id}")
        } else {
            format!("/v1/run/status/{id}")
        })
    }

    /// Asks until the job is over.
    pub(super) async fn done(&self, id: &str) -> Value {
        let mut got = Value::Null;
        until("the job ends", async || {
            got = ok(self.asked(id)).await;
            let word = got["status"].as_str().unwrap().to_lowercase();
            ["completed", "failed", "cancelled"].contains(&word.as_str())
        })
        .await;
        got
    }

    pub(super) async fn cancel(&self, id: &str) -> (StatusCode, Value) {
        answer(self.post(&format!("/v1/run/cancel/{id}"))).await
    }
}

pub(super) async fn fetched(url: &str) -> Response {
    http().get(url).send().await.unwrap()
}

pub(super) fn strike(sandbox: &Sandbox, endpoint: Endpoint, fault: Fault) {
    sandbox.faults.add(Rule::once(endpoint, fault));
}
