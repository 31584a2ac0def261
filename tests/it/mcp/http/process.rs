//! The program as a server of HTTP: behind a port of its own choice, with and without a client on its pipes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use super::plain;
use crate::havoc::signal;
use crate::mcp::{initialize_params, modern_meta};

/// The program behind a port of its own choice.
struct Program {
    child: Child,
    address: String,
    _home: TempDir,
}

fn program(stdin: Stdio) -> Program {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_firstcut"))
        .args(["serve", "--http", "127.0.0.1:0"])
        .current_dir(home.path())
        .env("FIRSTCUT_HOME", home.path())
        .env("FIRSTCUT_SERVICE", "sandbox")
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let serving =
        said.find_map(|line| line.unwrap().strip_prefix("Serving MCP at ").map(str::to_owned)).unwrap();
    // Nobody else may be held up by a full pipe.
    std::thread::spawn(move || said.for_each(drop));
    Program { child, address: serving.trim_end_matches('.').to_owned(), _home: home }
}

async fn lists_tools(address: &str) {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": modern_meta()}});
    let caller = plain();
    let answer = caller
        .post(address)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/list")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[cfg(unix)]
#[tokio::test]
async fn without_anybody_on_stdin_it_serves_until_a_signal() {
    let program = program(Stdio::null());
    tokio::time::sleep(Duration::from_millis(300)).await;
    lists_tools(&program.address).await;
    signal(Some(program.child.id()), "-TERM");
    let output = program.child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b""[..]));
}

#[tokio::test]
async fn a_client_on_stdin_is_served_and_ends_it_by_leaving() {
    use std::io::Write as _;
    let mut program = program(Stdio::piped());
    let mut stdin = program.child.stdin.take().unwrap();
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize_params()});
    writeln!(stdin, "{hello}").unwrap();
    let mut answer = String::new();
    BufReader::new(program.child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert!(answer.contains("\"protocolVersion\":\"2025-11-25\""), "{answer}");
    lists_tools(&program.address).await;
    drop(stdin);
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
}
