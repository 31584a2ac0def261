//! What a tool call costs beside the request to the service that it causes: `check_credits` over a pipe and over HTTP,
//! in turns with that request made by hand.
//!
//! `cargo bench --bench call_overhead`. Service and server are in this process.
//! Medians, because the machine may be busy. `FIRSTCUT_CALLS` sets how many of each.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may stop at what it did not expect"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::sandbox::{Options, Pace, Sandbox};
use firstcut::{http, mcp};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

/// What the way through us may add to the request.
const MOST: Duration = Duration::from_micros(500);

/// Turns that do not count: the first ones open connections and files.
const WARM: usize = 20;

/// The server, spoken to over a pipe and a port. In this process like the service, so that no way is charged with the
/// system's switching between processes.
struct Server {
    writer: WriteHalf<DuplexStream>,
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    address: String,
}

impl Server {
    async fn start(home: &std::path::Path, service: &str) -> Self {
        let around = Surroundings::only(home)
            .and("FIRSTCUT_SERVICE", "nemo")
            .and("FIRSTCUT_ALLOW_LOOPBACK", "1")
            .and("NEMO_API_URL", service);
        let app = App::build(Config::load(&Overrides::default(), &around).unwrap());
        let stop = CancellationToken::new();
        let door = http::Server::bind(app.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}{}", door.address(), mcp::http::PATH);
        let access = http::Access::new(app.config(), door.address()).unwrap().unwrap();
        let routes = access.guard(mcp::http::routes(&app, stop.clone()));
        tokio::spawn(door.with(routes).run(stop.clone()));
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (input, output) = tokio::io::split(theirs);
        tokio::spawn(mcp::serve_over(app, home.to_owned(), input, output, stop));
        let (reader, writer) = tokio::io::split(ours);
        let mut server = Self { writer, lines: BufReader::new(reader).lines(), address };
        let who = json!({"name": "bench", "version": "1"});
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": who});
        server.ask("initialize", hello).await;
        server
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.writer.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        serde_json::from_str(&self.lines.next_line().await.unwrap().unwrap()).unwrap()
    }

    async fn call(&mut self) {
        let answer = self.ask("tools/call", json!({"name": "check_credits", "arguments": {}})).await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
}

/// The same call over HTTP, of the protocol without sessions.
async fn call_over_http(caller: &reqwest::Client, address: &str) {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    });
    let params = json!({"name": "check_credits", "arguments": {}, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let answer = caller
        .post(address)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "check_credits")
        .body(body.to_string());
    let answer: Value = serde_json::from_str(&answer.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

async fn token(caller: &reqwest::Client, service: &str) -> String {
    let answer = caller
        .post(format!("{service}/api/auth/anonymous-token"))
        .header("x-client-id", "a-measurement")
        .header("content-type", "application/json")
        .body("{}");
    let answer: Value = serde_json::from_str(&answer.send().await.unwrap().text().await.unwrap()).unwrap();
    answer["data"]["token"].as_str().unwrap().to_owned()
}

async fn by_hand(caller: &reqwest::Client, service: &str, token: &str) {
    let answer =
        caller.get(format!("{service}/api/credits/balance/simple")).bearer_auth(token).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("available"));
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() -> ExitCode {
    let calls = std::env::var("FIRSTCUT_CALLS").map_or(500, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut options = Options::in_folder(folder.path().join("service"));
    options.pace = Pace::INSTANT;
    options.peer_limit = None;
    let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
    let mut server = runtime.block_on(Server::start(folder.path(), &sandbox.url));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let caller = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let token = runtime.block_on(token(&caller, &sandbox.url));
    let address = server.address.clone();
    let (mut hand, mut pipe, mut http) = (Vec::new(), Vec::new(), Vec::new());
    let requests = || sandbox.log.requests().unwrap().len();
    let mut caused = 0;
    for turn in 0..calls + WARM {
        let begun = Instant::now();
        runtime.block_on(by_hand(&caller, &sandbox.url, &token));
        let one = begun.elapsed();
        // Counted once, in a turn that does not: reading a long log would leave cold caches to what is measured next.
        let before = (turn == WARM - 1).then(requests);
        let begun = Instant::now();
        runtime.block_on(server.call());
        let two = begun.elapsed();
        caused = before.map_or(caused, |before| requests() - before);
        let begun = Instant::now();
        runtime.block_on(call_over_http(&caller, &address));
        let three = begun.elapsed();
        if turn >= WARM {
            hand.push(one);
            pipe.push(two);
            http.push(three);
        }
    }
    let (hand, pipe, http) = (median(&mut hand), median(&mut pipe), median(&mut http));
    println!("{calls} calls of each in turns; a call causes {caused} request");
    println!("the request by hand    {hand:>10.1?}");
    for (way, took) in [("over a pipe", pipe), ("over HTTP", http)] {
        println!("check_credits {way:<12} {took:>6.1?}: {:.1?} more", took.saturating_sub(hand));
    }
    let worst = pipe.max(http).saturating_sub(hand);
    if worst <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
