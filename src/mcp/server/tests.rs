//! What surrounds a call, with tools that exist only here: one breaks, one dawdles.

use std::time::{Duration, Instant};

use rmcp::ServiceExt;
use rmcp::handler::server::router::tool::ToolRoute;
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

use super::card::INSTRUCTIONS;
use super::*;
use crate::config::{Config, Overrides, Surroundings};

/// Breaks in the middle of its work.
async fn break_down() -> String {
    tokio::task::yield_now().await;
    panic!("broken on purpose")
}

/// Tells four things and then works until it is stopped, or ends at once if `brief`.
fn dawdle(
    call: ToolCallContext<'_, Server>,
) -> futures_util::future::BoxFuture<'_, Result<CallToolResponse, ErrorData>> {
    Box::pin(async move {
        let request = call.request_context;
        let brief = call.arguments.is_some_and(|arguments| arguments.contains_key("brief"));
        let worked = call.service.unless_cancelled(&request, "Beginning.", async |teller| {
            for percent in [Some(10.0), Some(50.0), Some(30.0), None] {
                teller.tell(percent, "Going on.");
            }
            // A while in which the news can leave, as in real work.
            tokio::task::yield_now().await;
            if !brief {
                std::future::pending::<()>().await;
            }
            Ok(())
        });
        Ok(match worked.await {
            Ok(()) => CallToolResult::structured(json!({"state": "done"})),
            Err(error) => reply::error(&error),
        }
        .into())
    })
}

/// A server with both, and a home that lasts as long as it.
fn server() -> (Server, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let config = Config::load(&Overrides::default(), &Surroundings::only(home.path())).unwrap();
    let named = |name| Tool::new(name, "For tests.", JsonObject::new());
    let router = tools::router()
        .with_route(ToolRoute::new(named("break_down"), break_down))
        .with_route(ToolRoute::new_dyn(named("dawdle"), dawdle));
    (Server::with_router(App::build(config), home.path().to_owned(), router), home)
}

#[tokio::test]
async fn a_panic_in_a_tool_is_an_answer() {
    let (server, _home) = server();
    let (ours, theirs) = tokio::io::duplex(4096);
    let serving = tokio::spawn(async move { server.serve(ours).await.unwrap().waiting().await.unwrap() });
    let client = ().serve(theirs).await.unwrap();
    for _ in 0..2 {
        let answer = client.call_tool(CallToolRequestParams::new("break_down")).await.unwrap();
        assert_eq!(answer.is_error, Some(true));
        let text = answer.content[0].as_text().unwrap().text.clone();
        for part in
            ["internal: A mistake in firstcut stopped break_down.", "not known", "do not repeat", "list_jobs"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    let ours = tools::router().list_all().len();
    assert_eq!(client.list_all_tools().await.unwrap().len(), ours + 2);
    client.cancel().await.unwrap();
    serving.await.unwrap();
}

/// A client that reads and writes lines.
struct Client {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    serving: JoinHandle<crate::error::Result<bool>>,
    _home: tempfile::TempDir,
}

impl Client {
    async fn connected() -> Self {
        let (server, home) = server();
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (input, output) = tokio::io::split(theirs);
        let serving = tokio::spawn(crate::mcp::attend_as(server, input, output, Default::default(), true));
        let (reader, writer) = tokio::io::split(ours);
        let mut client = Self { lines: BufReader::new(reader).lines(), writer, serving, _home: home };
        let who = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        client.send(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": who})).await;
        client.receive().await;
        client
    }

    async fn send(&mut self, message: Value) {
        self.writer.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn dawdle(&mut self, id: u64, arguments: Value, meta: Value) {
        let params = json!({"name": "dawdle", "arguments": arguments, "_meta": meta});
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})).await;
    }

    async fn receive(&mut self) -> Value {
        let line =
            tokio::time::timeout(Duration::from_secs(20), self.lines.next_line()).await.unwrap().unwrap();
        serde_json::from_str(&line.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn progress_rises_and_ends_before_the_answer() {
    let mut client = Client::connected().await;
    client.dawdle(1, json!({"brief": true}), json!({"progressToken": "p"})).await;
    let mut last = -1.0;
    let mut notes = 0;
    loop {
        let message = client.receive().await;
        if message["id"] == 1 {
            assert_eq!(message["result"]["structuredContent"]["state"], "done");
            break;
        }
        assert_eq!(message["method"], "notifications/progress");
        let params = &message["params"];
        assert_eq!((&params["progressToken"], &params["total"]), (&json!("p"), &json!(10_000.0)));
        let progress = params["progress"].as_f64().unwrap();
        assert!(progress > last && progress < 10_000.0, "{progress} after {last}");
        assert!(!params["message"].as_str().unwrap().is_empty());
        last = progress;
        notes += 1;
    }
    assert_eq!(notes, 5, "the beginning and four news");
    // The next message is the answer to a ping: nothing came after the result.
    client.send(json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await;
    assert_eq!(client.receive().await["id"], 2);

    // Without a token there is no progress.
    client.dawdle(3, json!({"brief": true}), json!({})).await;
    assert_eq!(client.receive().await["id"], 3);
}

#[tokio::test]
async fn cancelling_a_call_ends_the_waiting_without_an_answer() {
    let mut client = Client::connected().await;
    client.dawdle(1, json!({}), json!({"progressToken": "p"})).await;
    for _ in 0..5 {
        assert_eq!(client.receive().await["method"], "notifications/progress");
    }
    client
        .send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    client.send(json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await;
    // Neither an answer to the cancelled call nor news about it.
    assert_eq!(client.receive().await["id"], 2);
    client.send(json!({"jsonrpc": "2.0", "id": 3, "method": "ping"})).await;
    assert_eq!(client.receive().await["id"], 3);
}

#[tokio::test]
async fn the_end_of_input_lets_nobody_wait() {
    let mut client = Client::connected().await;
    for id in 1..=50 {
        client.dawdle(id, json!({}), json!({})).await;
    }
    client.send(json!({"jsonrpc": "2.0", "id": 99, "method": "ping"})).await;
    assert_eq!(client.receive().await["id"], 99);
    let began = Instant::now();
    client.writer.shutdown().await.unwrap();
    client.serving.await.unwrap().unwrap();
    // The SDK alone would hold on for five seconds.
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn instructions_are_short_and_name_the_tools() {
    assert!(INSTRUCTIONS.len() < 4_096);
    for name in ["generate_video", "check_job", "edit_video", "export", "upload"] {
        assert!(INSTRUCTIONS.contains(name), "{name}");
    }
}
