//! Jobs as tasks: for clients that take them, over the ledger, across processes.

use std::sync::Arc;
use std::time::Duration;

use firstcut::sandbox::{Endpoint, Fault, Rule};
use serde_json::{Value, json};

use super::approval::Paying;
use super::{Pipe, modern_meta};
use crate::talk::Talk;

/// A job that ends soon.
fn short(prompt: &str) -> Value {
    json!({"prompt": prompt, "duration_seconds": 1, "resolution": "720p"})
}

/// A request of a client that takes tasks, and may show forms.
pub(super) async fn with_tasks(talk: &mut Talk, method: &str, mut params: Value, forms: bool) -> Value {
    let mut meta = modern_meta();
    let elicitation = if forms { json!({"form": {}}) } else { Value::Null };
    let mut able = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}, "elicitation": elicitation});
    able.as_object_mut().unwrap().retain(|_, ability| !ability.is_null());
    meta["io.modelcontextprotocol/clientCapabilities"] = able;
    params["_meta"] = meta;
    talk.request(method, params).await
}

async fn call(talk: &mut Talk, tool: &str, arguments: Value) -> Value {
    with_tasks(talk, "tools/call", json!({"name": tool, "arguments": arguments}), false).await
}

async fn get(talk: &mut Talk, id: &Value) -> Value {
    let answer = with_tasks(talk, "tasks/get", json!({"taskId": id}), false).await;
    let task = answer["result"].clone();
    assert_eq!((&task["taskId"], &task["resultType"]), (id, &json!("complete")), "{answer}");
    task
}

/// Looks as often as it was told to, until the task has ended.
pub(super) async fn ended(talk: &mut Talk, id: &Value) -> Value {
    for _ in 0..600 {
        let task = get(talk, id).await;
        if task["status"] != "working" {
            return task;
        }
        assert!(task.get("result").is_none() && task["statusMessage"].is_string(), "{task}");
        tokio::time::sleep(Duration::from_millis(task["pollIntervalMs"].as_u64().unwrap())).await;
    }
    panic!("{id} does not end")
}

/// The name of the task that a call was answered with.
pub(super) fn handle(answer: &Value) -> Value {
    let task = &answer["result"];
    assert_eq!(task["resultType"], "task", "{answer}");
    assert_eq!((&task["status"], &task["ttlMs"]), (&json!("working"), &Value::Null), "{answer}");
    for time in ["createdAt", "lastUpdatedAt"] {
        task[time].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    assert!((100..=5_000).contains(&task["pollIntervalMs"].as_u64().unwrap()), "{answer}");
    assert!(task["taskId"].as_str().unwrap().starts_with("job_"), "{answer}");
    task["taskId"].clone()
}

#[tokio::test]
async fn a_job_is_a_task_whose_end_is_the_result_of_the_call() {
    let mut pipe = Pipe::open();
    let id = handle(&call(&mut pipe, "generate_video", short("a heron")).await);
    // The same call after a lost reply is the same task.
    assert_eq!(handle(&call(&mut pipe, "generate_video", short("a heron")).await), id);
    let task = ended(&mut pipe, &id).await;
    assert_eq!(task["status"], "completed", "{task}");
    let result = &task["result"];
    assert_eq!((&result["isError"], &result["structuredContent"]["job_id"]), (&json!(false), &id), "{task}");
    let kinds: Vec<_> =
        result["content"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "resource_link", "resource_link", "image"], "as the tool would have answered");

    // Now that it has ended, the same call is answered with it.
    let again = call(&mut pipe, "generate_video", short("a heron")).await;
    assert_eq!(again["result"]["resultType"], "complete", "{again}");
    assert_eq!(again["result"]["structuredContent"]["files"], result["structuredContent"]["files"]);

    // Who asks for an answer at once gets one.
    let mut asked = short("a heron in flight");
    asked["wait_seconds"] = json!(0);
    let plain = call(&mut pipe, "generate_video", asked).await;
    assert_eq!(plain["result"]["resultType"], "complete", "{plain}");
    let id = plain["result"]["structuredContent"]["job_id"].clone();
    assert_eq!(ended(&mut pipe, &id).await["status"], "completed", "every job can be looked at as a task");
    pipe.hang_up().await;
}

#[tokio::test]
async fn a_task_outlives_the_process_that_made_it() {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let mut pipe = Pipe::at(home.clone());
    let id = handle(&call(&mut pipe, "generate_video", short("a fox in the snow")).await);
    pipe.hang_up().await;

    let mut pipe = Pipe::at(home);
    assert_eq!(ended(&mut pipe, &id).await["status"], "completed");
    pipe.hang_up().await;
}

#[tokio::test]
async fn a_task_can_be_cancelled() {
    let mut pipe = Pipe::open();
    let asked = json!({"prompt": "a long walk", "duration_seconds": 60});
    let id = handle(&call(&mut pipe, "generate_video", asked).await);
    let ack = with_tasks(&mut pipe, "tasks/cancel", json!({"taskId": id}), false).await;
    assert_eq!(ack["result"]["resultType"], "complete", "{ack}");
    let task = ended(&mut pipe, &id).await;
    assert_eq!(task["status"], "cancelled", "{task}");
    assert!(task.get("result").is_none() && task["statusMessage"].as_str().unwrap().len() > 10, "{task}");
    // Once more is no mistake.
    let ack = with_tasks(&mut pipe, "tasks/cancel", json!({"taskId": id}), false).await;
    assert_eq!(ack["result"]["resultType"], "complete", "{ack}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn a_failed_call_is_a_completed_task() {
    let mut paying = Paying::open(None).await;
    let refused = Fault::Status { status: 422, code: None, message: Some("No.".into()), retry_after_s: None };
    paying.home.sandbox.faults.add(Rule::once(Endpoint::Run, refused));
    let answer = call(&mut paying.talk, "generate_video", super::approval::wish("a mill")).await;
    let id = handle(&answer);
    let task = ended(&mut paying.talk, &id).await;
    assert_eq!((&task["status"], &task["result"]["isError"]), (&json!("completed"), &json!(true)), "{task}");
    assert_eq!(task["result"]["structuredContent"]["state"], "failed", "{task}");
    assert!(task.get("error").is_none(), "{task}");
}

#[tokio::test]
async fn only_who_takes_tasks_gets_one() {
    // A client of the older protocol may declare the extension; it would not know what to do with a task.
    let mut pipe = Pipe::open();
    let mut hello = super::initialize_params();
    hello["capabilities"] = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    let answer = pipe.request("initialize", hello).await;
    assert!(answer["result"]["capabilities"]["extensions"].get("io.modelcontextprotocol/tasks").is_none());
    let mut asked = short("a pier");
    asked["wait_seconds"] = json!(120);
    let made = pipe.call("generate_video", asked).await;
    assert_eq!(made["result"]["structuredContent"]["state"], "done", "{made}");
    let id = made["result"]["structuredContent"]["job_id"].clone();
    for method in ["tasks/get", "tasks/cancel"] {
        let answer = pipe.request(method, json!({"taskId": id})).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
    pipe.hang_up().await;

    // One of the newer protocol that does not declare it is told what is missing.
    let mut pipe = Pipe::open();
    let answer = pipe.modern("tasks/get", json!({"taskId": id})).await;
    assert_eq!(answer["error"]["code"], -32021, "{answer}");
    for id in ["job_00000000000000000000000000000000", "nonsense", ""] {
        for method in ["tasks/get", "tasks/cancel"] {
            let answer = with_tasks(&mut pipe, method, json!({"taskId": id}), false).await;
            assert_eq!(answer["error"]["code"], -32602, "{method} {id}: {answer}");
        }
        let params = json!({"taskId": id, "inputResponses": {}});
        let answer = with_tasks(&mut pipe, "tasks/update", params, false).await;
        assert_eq!(answer["error"]["code"], -32602, "{id}: {answer}");
    }
    pipe.hang_up().await;
}
