//! The assistant's door, driven from outside with raw JSON lines: nothing here knows how a client library
//! would have put it.
#![allow(clippy::print_stdout, reason = "figures for whoever runs with --nocapture")]

mod arguments;
mod ending;
mod jobs;
mod list;
mod process;
mod protocol;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::error::Result;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Far above what anything here takes, so that a lost answer fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(150);

/// A server in this process and the client's end of its pipe.
struct Pipe {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    serving: JoinHandle<Result<()>>,
    stop: CancellationToken,
    next_id: u64,
    /// Notifications that came while an answer was waited for.
    notes: Vec<Value>,
    /// Holds the throw-away home.
    home: Arc<tempfile::TempDir>,
}

impl Pipe {
    /// A fresh home, an unanswered pipe.
    fn open() -> Self {
        Self::at(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// A server in a home that may have been used before.
    fn at(home: Arc<tempfile::TempDir>) -> Self {
        let around =
            Surroundings::only(home.path()).and("FIRSTCUT_SERVICE", "sandbox").and("FIRSTCUT_POLL_S", "0.05");
        let app = App::build(Config::load(&Overrides::default(), &around).unwrap());
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (input, output) = tokio::io::split(theirs);
        let stop = CancellationToken::new();
        let working_dir: PathBuf = home.path().to_owned();
        let serving = tokio::spawn(firstcut::mcp::serve_over(app, working_dir, input, output, stop.clone()));
        let (reader, writer) = tokio::io::split(ours);
        let lines = BufReader::new(reader).lines();
        Self { lines, writer, serving, stop, next_id: 0, notes: Vec::new(), home }
    }

    /// The same after the older era's handshake.
    async fn initialized() -> Self {
        let mut pipe = Self::open();
        let hello = pipe.request("initialize", initialize_params()).await;
        assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
        pipe.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        pipe
    }

    async fn send(&mut self, message: &Value) {
        self.send_raw(&format!("{message}\n")).await;
    }

    async fn send_raw(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    /// The next line of the server, which must be one JSON message.
    async fn receive(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("no answer").unwrap();
        let message: Value = serde_json::from_str(&line.expect("the server has left")).unwrap();
        assert_eq!(message["jsonrpc"], "2.0");
        message
    }

    /// Sends a request without waiting for its answer.
    async fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        id
    }

    /// The answer with this id; notifications on the way are kept.
    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return message;
            }
            assert!(message.get("id").is_none(), "an answer to something else: {message}");
            self.notes.push(message);
        }
    }

    async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    /// A request that carries its own lifecycle, as the newer era does.
    async fn modern(&mut self, method: &str, mut params: Value) -> Value {
        params["_meta"] = modern_meta();
        self.request(method, params).await
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// The text of a call that must end as an error of the tool.
    async fn call_error(&mut self, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments.clone()).await;
        let result = &answer["result"];
        assert_eq!(result["isError"], true, "{tool} {arguments}: {answer}");
        assert!(result.get("structuredContent").is_none(), "an error has no report: {answer}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Closes the client's end; the server must leave without complaint.
    async fn hang_up(self) {
        let Self { lines, writer, serving, .. } = self;
        drop((lines, writer));
        tokio::time::timeout(PATIENCE, serving).await.expect("the server stays").unwrap().unwrap();
    }
}

fn initialize_params() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "firstcut-test", "version": "1"},
    })
}

fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "firstcut-test", "version": "1"},
    })
}
