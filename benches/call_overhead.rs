//! What a tool call costs beside the request to the service that it causes: `check_credits` over a pipe and over HTTP,
//! in turns with that request made by hand.
//!
//! `cargo bench --bench call_overhead`. The service is the sandbox in this process; the server is a process of its own.
//! Medians, because the machine may be busy. `FIRSTCUT_CALLS` sets how many of each.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may stop at what it did not expect"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use firstcut::sandbox::{Options, Pace, Sandbox};
use serde_json::{Value, json};

/// What the way through us may add to the request.
const MOST: Duration = Duration::from_micros(500);

/// The program, spoken to over its pipes and its port.
struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    fn start(home: &std::path::Path, service: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_firstcut"))
            .args(["serve", "--http", "127.0.0.1:0"])
            .env_clear()
            .env("HOME", home)
            .env("FIRSTCUT_HOME", home)
            .env("FIRSTCUT_SERVICE", "nemo")
            .env("FIRSTCUT_ALLOW_LOOPBACK", "1")
            .env("NEMO_API_URL", service)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = said
            .find_map(|line| line.unwrap().strip_prefix("Serving MCP at ").map(str::to_owned))
            .unwrap()
            .trim_end_matches('.')
            .to_owned();
        std::thread::spawn(move || said.for_each(drop));
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, stdin, stdout, address };
        server.ask(
            "initialize",
            json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"}}),
        );
        server
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.stdout.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn call(&mut self) {
        let answer = self.ask("tools/call", json!({"name": "check_credits", "arguments": {}}));
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
    let mut server = Server::start(folder.path(), &sandbox.url);
    let caller = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let token = runtime.block_on(token(&caller, &sandbox.url));
    let address = server.address.clone();
    let (mut hand, mut pipe, mut http) = (Vec::new(), Vec::new(), Vec::new());
    let requests = || sandbox.log.requests().unwrap().len();
    let mut caused = 0;
    for turn in 0..calls + 20 {
        let begun = Instant::now();
        runtime.block_on(by_hand(&caller, &sandbox.url, &token));
        let one = begun.elapsed();
        let before = requests();
        let begun = Instant::now();
        server.call();
        let two = begun.elapsed();
        caused = requests() - before;
        let begun = Instant::now();
        runtime.block_on(call_over_http(&caller, &address));
        let three = begun.elapsed();
        // The first ones open connections and files.
        if turn >= 20 {
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
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let worst = pipe.max(http).saturating_sub(hand);
    if worst <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
