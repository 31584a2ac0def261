//! A receiver of webhooks: a real server that keeps what it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::patience::until;

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Call {
    pub(super) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Desk {
    calls: Vec<Call>,
    /// What the next calls are answered; then 200.
    answers: VecDeque<u16>,
}

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) url: String,
    desk: Arc<Mutex<Desk>>,
}

impl Receiver {
    pub(super) async fn open(answers: &[u16]) -> Self {
        let desk =
            Arc::new(Mutex::new(Desk { calls: Vec::new(), answers: answers.iter().copied().collect() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/token-1", listener.local_addr().unwrap());
        let router = Router::new().route("/hooks/{token}", post(take)).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, desk }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.desk.lock().unwrap().calls.clone()
    }

    /// Waits for so many calls, and then a little for one too many.
    pub(super) async fn got(&self, count: usize) -> Vec<Call> {
        until(&format!("{count} calls"), async || self.calls().len() >= count).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        self.calls()
    }
}

async fn take(State(desk): State<Arc<Mutex<Desk>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut desk = desk.lock().unwrap();
    desk.calls.push(Call { headers, text: String::from_utf8(body.to_vec()).unwrap() });
    StatusCode::from_u16(desk.answers.pop_front().unwrap_or(200)).unwrap()
}
