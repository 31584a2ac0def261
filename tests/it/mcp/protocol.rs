//! The protocol's edges: unknown names, broken lines, many calls at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Pipe, initialize_params, modern_meta};

#[tokio::test]
async fn unknown_names_are_protocol_errors() {
    let mut pipe = Pipe::initialized().await;
    let answer = pipe.call("generate_vidoe", json!({"prompt": "a"})).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("did you mean generate_video?"),
        "{answer}"
    );

    // What is not declared is not there either.
    let skill = json!({"uri": "skill://firstcut"});
    for (method, params) in [
        ("firstcut/nothing", json!({})),
        ("logging/setLevel", json!({"level": "info"})),
        ("resources/directory/read", skill),
        // Of the newer era only.
        ("subscriptions/listen", json!({"notifications": {}})),
    ] {
        let answer = pipe.request(method, params).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
    let answer = pipe.request("ping", json!({})).await;
    assert_eq!(answer["result"], json!({}));
    pipe.hang_up().await;
}

#[tokio::test]
async fn a_broken_line_breaks_nothing() {
    let mut pipe = Pipe::initialized().await;
    for line in ["{this is not json}\n", "\n", "[]\n", "\u{fffd}\n", "{\"jsonrpc\":\"2.0\"}\n", "42\n"] {
        pipe.send_raw(line).await;
    }
    // Two messages in one write, the second in two pieces.
    pipe.send_raw(
        "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}\n{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"met",
    )
    .await;
    pipe.send_raw("hod\":\"ping\"}\n").await;
    let mut ids = BTreeSet::new();
    while ids.len() < 2 {
        let message = pipe.receive().await;
        if let Some(id) = message["id"].as_str() {
            ids.insert(id.to_owned());
        }
    }
    assert_eq!(ids, BTreeSet::from(["a".into(), "b".into()]));
    pipe.hang_up().await;
}

#[tokio::test]
async fn an_unknown_version_is_answered_with_a_known_one() {
    let mut pipe = Pipe::open();
    let mut params = initialize_params();
    params["protocolVersion"] = json!("1999-01-01");
    let hello = pipe.request("initialize", params).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
    pipe.hang_up().await;

    let mut pipe = Pipe::open();
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/protocolVersion"] = json!("2999-01-01");
    let answer = pipe.request("tools/list", json!({"_meta": meta})).await;
    assert!(answer["error"]["data"]["supported"].to_string().contains("2026-07-28"), "{answer}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn two_hundred_calls_share_one_pipe() {
    let mut pipe = Pipe::initialized().await;
    let mut waiting = BTreeMap::new();
    for turn in 0..200 {
        // Refused calls, lists and pings mixed: no answer may be lost or meet the wrong question.
        let id = match turn % 3 {
            0 => {
                pipe.ask(
                    "tools/call",
                    json!({"name": "check_job", "arguments": {"job_id": format!("{turn}")}}),
                )
                .await
            }
            1 => pipe.ask("tools/list", json!({})).await,
            _ => pipe.ask("tools/call", json!({"name": "export", "arguments": {"nonsense": turn}})).await,
        };
        waiting.insert(id, turn % 3 == 1);
    }
    while !waiting.is_empty() {
        let message = pipe.receive().await;
        let id = message["id"].as_u64().unwrap();
        let lists = waiting.remove(&id).unwrap_or_else(|| panic!("not asked, or answered twice: {message}"));
        let result = &message["result"];
        if lists {
            assert_eq!(result["tools"].as_array().unwrap().len(), super::list::TOOLS.len());
        } else {
            assert_eq!(result["isError"], true, "{message}");
        }
    }
    pipe.hang_up().await;
}
