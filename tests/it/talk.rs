//! One end of an MCP connection, spoken as raw JSON lines.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};

// Where others look for it.
pub(crate) use crate::patience::PATIENCE;

/// The client's end.
pub(crate) struct Talk {
    lines: Lines<BufReader<Box<dyn AsyncRead + Send + Unpin>>>,
    pub(crate) writer: Box<dyn AsyncWrite + Send + Unpin>,
    next_id: u64,
    /// Notifications that came while an answer was waited for.
    pub(crate) notes: Vec<Value>,
}

impl Talk {
    pub(crate) fn over(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let reader: Box<dyn AsyncRead + Send + Unpin> = Box::new(reader);
        let lines = BufReader::new(reader).lines();
        Self { lines, writer: Box::new(writer), next_id: 0, notes: Vec::new() }
    }

    /// The older era's handshake.
    pub(crate) async fn initialize(&mut self) {
        let hello = self.request("initialize", initialize_params()).await;
        assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_raw(&format!("{message}\n")).await;
    }

    pub(crate) async fn send_raw(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    /// The next line of the server, which must be one JSON message.
    pub(crate) async fn receive(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("no answer").unwrap();
        let message: Value = serde_json::from_str(&line.expect("the server has left")).unwrap();
        assert_eq!(message["jsonrpc"], "2.0");
        message
    }

    /// Sends a request without waiting for its answer.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        id
    }

    /// The answer with this id; notifications on the way are kept.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive().await;
            if message["id"] == id {
                return message;
            }
            assert!(message.get("id").is_none(), "an answer to something else: {message}");
            self.notes.push(message);
        }
    }

    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    /// A request that carries its own lifecycle, as the newer era does.
    pub(crate) async fn modern(&mut self, method: &str, mut params: Value) -> Value {
        params["_meta"] = modern_meta();
        self.request(method, params).await
    }

    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// The report of a call that must end well.
    pub(crate) async fn call_ok(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments.clone()).await;
        let result = &answer["result"];
        assert_ne!(result["isError"], true, "{tool} {arguments}: {answer}");
        assert!(result["structuredContent"].is_object(), "{tool} {arguments}: {answer}");
        result["structuredContent"].clone()
    }

    /// The text of a call that must end as an error of the tool.
    pub(crate) async fn call_error(&mut self, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments.clone()).await;
        let result = &answer["result"];
        assert_eq!(result["isError"], true, "{tool} {arguments}: {answer}");
        assert!(result.get("structuredContent").is_none(), "an error has no report: {answer}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn initialize_params() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "firstcut-test", "version": "1"},
    })
}

pub(crate) fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "firstcut-test", "version": "1"},
    })
}
