//! How a connection ends: the client leaves, only asks, or the process is told to stop.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Pipe;

#[tokio::test]
async fn a_client_that_only_asks_what_we_are_is_no_failure() {
    let mut pipe = Pipe::open();
    let answer = pipe.modern("server/discover", json!({})).await;
    let who = &answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(who["name"], "firstcut", "{answer}");
    pipe.hang_up().await;
    Pipe::open().hang_up().await;
}

#[tokio::test]
async fn a_client_that_speaks_something_else_is_told_apart() {
    let mut pipe = Pipe::open();
    pipe.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let error = pipe.serving.await.unwrap().unwrap_err();
    assert_eq!(error.kind().code(), "protocol");
    assert!(error.next_step().unwrap().contains("MCP client"));
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_still_answered() {
    let mut pipe = Pipe::open();
    pipe.ask("initialize", super::initialize_params()).await;
    pipe.ask("tools/list", json!({})).await;
    // A script that pipes its questions in closes its side at once and reads on.
    tokio::io::AsyncWriteExt::shutdown(&mut pipe.writer).await.unwrap();
    assert_eq!(pipe.receive().await["id"], 1);
    let listed = pipe.receive().await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 12);
    pipe.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn stopping_ends_the_service() {
    let pipe = Pipe::initialized().await;
    let began = Instant::now();
    pipe.stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), pipe.serving).await.unwrap().unwrap().unwrap();
    println!("left {} ms after the stop", began.elapsed().as_millis());
}
