//! The frames of the stream against frames of the framework's own server.

use std::collections::BTreeMap;

use firstcut::sandbox::{AdkKeys, Dialect, Endpoint, Fault, Moment, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

use super::guest::{Guest, Heard, instant, strike};

/// One frame of each sort, made with the framework's server 2.13, texts shortened.
const SAMPLE: &str = include_str!("../../fixtures/adk-2.13.sse");

const SHORT: &str = "generate a 1-second 360p video of a lake";

/// Which sort of event this is.
fn sort(event: &Value) -> &'static str {
    let part = &event["content"]["parts"][0];
    if event.get("error").is_some() {
        "exception"
    } else if event.get("errorCode").is_some() {
        "model error"
    } else if event["partial"] == true {
        "partial"
    } else if part.get("functionCall").is_some() {
        "call"
    } else if part.get("functionResponse").is_some() {
        "result"
    } else if part["thought"] == true {
        "thought"
    } else if part.get("text").is_some() {
        "text"
    } else {
        "artifact"
    }
}

/// Every key path of an event, in order; what a state delta, arguments or a tool's answer contain is not the framework's.
fn keys(event: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, into: &mut Vec<String>) {
        let free = ["stateDelta", "artifactDelta", "args", "response"].iter().any(|end| at.ends_with(end));
        match value {
            Value::Object(map) if !free => {
                for (key, item) in map {
                    into.push(format!("{at}/{key}"));
                    walk(item, &format!("{at}/{key}"), into);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{at}[]"), into)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(event, "", &mut found);
    found
}

fn by_sort(events: &[Value]) -> BTreeMap<&'static str, Vec<String>> {
    events.iter().map(|event| (sort(event), keys(event))).collect()
}

#[tokio::test]
async fn frames_have_the_keys_of_the_real_ones() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let mut events = Vec::new();
    for fault in [
        Fault::Thoughts,
        Fault::Partials,
        Fault::DuplicateIds,
        Fault::ModelError { code: "RESOURCE_EXHAUSTED".into(), message: "later".into() },
        Fault::ErrorFrame { malformed: false, at: Moment::AfterChange },
    ] {
        strike(&sandbox, Endpoint::RunSse, fault);
        events.extend(guest.told(SHORT).await.events);
    }
    let (ours, real) = (by_sort(&events), by_sort(&Heard::of(SAMPLE).events));
    assert_eq!(real.len(), 8, "{:?}", real.keys());
    for (sort, want) in &real {
        assert_eq!(ours.get(sort), Some(want), "{sort}");
    }
}

#[tokio::test]
async fn frames_are_written_as_the_framework_writes_them() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::start(instant(&folder)).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let answer = guest.say("生成一个1秒的湖边视频").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream; charset=utf-8");
    let raw = answer.text().await.unwrap();
    assert!(raw.contains("湖边") && !raw.contains("\\u"), "text is raw UTF-8");
    let events: Vec<Value> = Heard::of(&raw).events;
    let same = |key: &str| events.iter().all(|event| event[key] == events[0][key]);
    assert!(same("invocationId") && same("author") && !same("id"));
    assert!(events[0]["invocationId"].as_str().unwrap().starts_with("e-"));
    assert!(
        events[0]["timestamp"].as_f64().unwrap() > 1.6e9 && events[0]["timestamp"].as_f64().unwrap() < 1e11
    );
    let result = events.iter().find(|event| sort(event) == "result").unwrap();
    assert_eq!(
        (&result["content"]["role"], &result["author"]),
        (&Value::from("user"), &Value::from("nemo_agent"))
    );
    assert_eq!(result["actions"]["stateDelta"]["draft"]["t"][0]["tt"], 0);
}

#[tokio::test]
async fn older_releases_have_fewer_keys() {
    for (release, confirmations, node, id) in
        [(AdkKeys::V1_4, false, false, 8), (AdkKeys::V1_27, true, false, 36)]
    {
        let folder = TempDir::new().unwrap();
        let mut options = instant(&folder);
        options.adk_keys = release;
        let sandbox = Sandbox::start(options).await.unwrap();
        let guest = Guest::arrive(&sandbox).await;
        for event in guest.told(SHORT).await.events {
            assert_eq!(event["actions"].get("requestedToolConfirmations").is_some(), confirmations);
            assert_eq!(event.get("nodeInfo").is_some(), node);
            assert_eq!(event["id"].as_str().unwrap().len(), id);
            assert_eq!(event.get("longRunningToolIds").is_some(), sort(&event) == "call");
            assert!(event.get("usageMetadata").is_none());
        }
    }
}

#[tokio::test]
async fn the_typed_dialect() {
    let folder = TempDir::new().unwrap();
    let mut options = instant(&folder);
    options.dialect = Dialect::Typed;
    let sandbox = Sandbox::start(options).await.unwrap();
    let guest = Guest::arrive(&sandbox).await;
    let events = guest.told(SHORT).await.events;
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["text", "tool_call", "tool_result", "text", "tool_call", "tool_result", "text"]);
    assert_eq!(events[1]["name"], "generate_video_with_seedance");
    assert_eq!(events[1]["args"]["prompt"], "lake");
    assert_eq!(events[2]["result"]["status"], "success");
}
