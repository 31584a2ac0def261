//! A price that the user must agree to: asked in the client's dialog, as an answer, as a task, or by a quote token.
//! The service's books are the judge of what an answer cost.

use std::time::{Duration, Instant};

use firstcut::error::Result;
use firstcut::model::job::Service;
use firstcut::money::Usd;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::tasks::{ended, handle, with_tasks};
use super::{initialize_params, modern_meta};
use crate::home::Home;
use crate::talk::Talk;

/// A clip of 12 cents.
pub(super) fn wish(prompt: &str) -> Value {
    json!({"prompt": prompt, "model": "veo-3.1-lite", "duration_seconds": 4, "resolution": "720p"})
}

/// A server with money, in a home whose service keeps books.
pub(super) struct Paying {
    pub(super) talk: Talk,
    serving: JoinHandle<Result<()>>,
    pub(super) home: Home,
}

impl Paying {
    /// Above this many dollars a person is asked.
    pub(super) async fn open(approve_above: Option<&str>) -> Self {
        let mut home = Home::paying(|_| {}).await;
        if let Some(dollars) = approve_above {
            home.set("FIRSTCUT_APPROVE_ABOVE_USD", dollars);
        }
        // A job that waits for a person's word is left behind on purpose.
        home.may_leave_jobs = true;
        let (talk, serving) = connect(&home);
        Self { talk, serving, home }
    }

    /// With a client of the older protocol that shows forms.
    async fn with_dialog() -> Self {
        let mut paying = Self::open(Some("0.10")).await;
        let mut hello = initialize_params();
        hello["capabilities"] = json!({"elicitation": {}});
        paying.talk.request("initialize", hello).await;
        paying
    }

    /// Calls, and gives back the question that comes before the answer.
    async fn asked(&mut self, arguments: Value) -> (u64, Value) {
        let id = self.talk.ask("tools/call", json!({"name": "generate_video", "arguments": arguments})).await;
        let question = self.talk.receive().await;
        assert_eq!(question["method"], "elicitation/create", "{question}");
        (id, question)
    }

    async fn reply(&mut self, question: &Value, result: Value) {
        self.talk.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": result})).await;
    }

    /// A process that ended, and another one in the same home.
    async fn restart(&mut self) {
        let (talk, serving) = connect(&self.home);
        drop(std::mem::replace(&mut self.talk, talk));
        std::mem::replace(&mut self.serving, serving).await.unwrap().unwrap();
    }

    /// Nothing left, nothing is charged, nothing is set aside.
    async fn nothing_was_spent(&self) {
        assert!(self.home.requests("run").is_empty());
        assert!(self.home.bills().is_empty());
        let app = self.home.app();
        let spent = app.ledger().await.unwrap().spent(Service::SkillBoss, app.now_ms()).await.unwrap();
        assert_eq!((spent.day, spent.reserved), (Usd::ZERO, Usd::ZERO));
    }

    fn one_bill(&self) {
        assert_eq!(self.home.bills().values().map(Vec::len).sum::<usize>(), 1, "{:?}", self.home.bills());
    }
}

fn connect(home: &Home) -> (Talk, JoinHandle<Result<()>>) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (input, output) = tokio::io::split(theirs);
    let stop = CancellationToken::new();
    let serving = tokio::spawn(firstcut::mcp::serve_over(home.app(), home.work(), input, output, stop));
    let (reader, writer) = tokio::io::split(ours);
    (Talk::over(reader, writer), serving)
}

fn report(answer: &Value) -> &Value {
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    &answer["result"]["structuredContent"]
}

#[tokio::test]
async fn an_older_client_is_asked_while_the_call_waits() {
    let mut paying = Paying::with_dialog().await;
    let (id, question) = paying.asked(wish("a harbour")).await;
    let words = question["params"]["message"].as_str().unwrap();
    for part in ["$0.12", "veo-3.1-lite", "a harbour", "Nothing has been sent or spent"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert_eq!(question["params"]["requestedSchema"], json!({"type": "object", "properties": {}}));
    paying.nothing_was_spent().await;
    paying.reply(&question, json!({"action": "accept", "content": {}})).await;
    let made = paying.talk.answer(id).await;
    assert_eq!(report(&made)["state"], "done", "{made}");
    paying.one_bill();
}

#[tokio::test]
async fn declining_ends_the_job_and_costs_nothing() {
    let mut paying = Paying::with_dialog().await;
    let (id, question) = paying.asked(wish("a harbour")).await;
    paying.reply(&question, json!({"action": "decline"})).await;
    let refused = paying.talk.answer(id).await;
    let told = report(&refused);
    assert_eq!(told["state"], "cancelled", "{refused}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("nothing was sent, and nothing was spent"), "{message}");
    paying.nothing_was_spent().await;
}

#[tokio::test]
async fn closing_the_question_leaves_the_quote() {
    let mut paying = Paying::with_dialog().await;
    let (id, question) = paying.asked(wish("a harbour")).await;
    paying.reply(&question, json!({"action": "cancel"})).await;
    let waiting = paying.talk.answer(id).await;
    let told = report(&waiting).clone();
    assert_eq!(told["state"], "needs_approval", "{waiting}");
    assert!(told["message"].as_str().unwrap().contains("closed the question"), "{waiting}");
    paying.nothing_was_spent().await;

    // The user comes round: the token agrees, and the dialog is not shown again.
    let mut again = wish("a harbour");
    again["quote_token"] = told["approval"]["quote_token"].clone();
    let made = paying.talk.call("generate_video", again).await;
    assert_eq!((&report(&made)["state"], &report(&made)["job_id"]), (&json!("done"), &told["job_id"]));
    paying.one_bill();
}

#[tokio::test]
async fn a_call_never_waits_for_a_person_longer_than_it_may() {
    let mut paying = Paying::with_dialog().await;
    let mut asked = wish("a harbour");
    asked["wait_seconds"] = json!(5);
    // What is made once is there, so that the seconds are for the person.
    paying.talk.call_ok("list_jobs", json!({})).await;
    let began = Instant::now();
    let (id, question) = paying.asked(asked.clone()).await;
    // The question is taken back, then the call is answered.
    let taken_back = paying.talk.receive().await;
    assert_eq!(taken_back["method"], "notifications/cancelled", "{taken_back}");
    assert_eq!(taken_back["params"]["requestId"], question["id"]);
    let waiting = paying.talk.answer(id).await;
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(report(&waiting)["state"], "needs_approval", "{waiting}");
    assert!(report(&waiting)["approval"]["quote_token"].is_string(), "{waiting}");

    // Who wants an answer at once is not made to wait for a person.
    asked["wait_seconds"] = json!(0);
    let at_once = paying.talk.call("generate_video", asked).await;
    assert_eq!(report(&at_once)["state"], "needs_approval", "{at_once}");
    // A late answer to a question that was taken back agrees to nothing.
    paying.reply(&question, json!({"action": "accept", "content": {}})).await;
    let job = json!({"job_id": report(&at_once)["job_id"]});
    assert_eq!(paying.talk.call_ok("check_job", job).await["state"], "needs_approval");
    paying.nothing_was_spent().await;
}

#[tokio::test]
async fn a_client_without_dialogs_gets_a_token() {
    let mut paying = Paying::open(Some("0.10")).await;
    paying.talk.initialize().await;
    // Also when another one of the same was asked for.
    let mut again = wish("a harbour");
    again["new"] = json!(true);
    let waiting = paying.talk.call("generate_video", again.clone()).await;
    assert_eq!(report(&waiting)["state"], "needs_approval", "{waiting}");
    again["quote_token"] = report(&waiting)["approval"]["quote_token"].clone();
    assert_eq!(report(&paying.talk.call("generate_video", again).await)["state"], "done");
    paying.one_bill();
}

/// A call of a newer client that shows forms.
async fn modern(talk: &mut Talk, mut params: Value) -> Value {
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {"form": {}}});
    params["_meta"] = meta;
    params["name"] = json!("generate_video");
    talk.request("tools/call", params).await
}

/// The state of a round, whose question must be ours.
fn state_of(answer: &Value) -> Value {
    let round = &answer["result"];
    assert_eq!(round["resultType"], "input_required", "{answer}");
    let question = &round["inputRequests"]["approval"];
    assert_eq!(question["method"], "elicitation/create", "{answer}");
    assert!(question["params"]["message"].as_str().unwrap().contains("$0.12"), "{answer}");
    round["requestState"].clone()
}

#[tokio::test]
async fn a_newer_client_asks_and_calls_again() {
    let mut paying = Paying::open(Some("0.10")).await;
    let asked = json!({"arguments": wish("a harbour")});
    let first = modern(&mut paying.talk, asked.clone()).await;
    let state = state_of(&first);
    paying.nothing_was_spent().await;

    // Words that nobody sealed, a state for another call, and one without its end.
    let yes = json!({"approval": {"action": "accept", "content": {}}});
    let text = state.as_str().unwrap();
    let (cut, turned) = (&text[..text.len() - 2], text.replacen('.', ".A", 1));
    for (arguments, state) in [
        (wish("a harbour"), "nonsense"),
        (wish("a harbour"), ""),
        (wish("a harbour"), cut),
        (wish("a harbour"), &turned),
        (wish("a castle"), text),
    ] {
        let params = json!({"arguments": arguments, "inputResponses": yes, "requestState": state});
        let refused = modern(&mut paying.talk, params).await;
        assert_eq!(refused["error"]["code"], -32602, "{state}: {refused}");
        let words = refused["error"]["message"].as_str().unwrap();
        assert!(
            words.contains("Nothing was sent or spent") && words.contains("without requestState"),
            "{words}"
        );
    }
    // Without the answer, or with one that is none, the question is put again.
    for answers in [json!({}), json!({"other": {}}), json!({"approval": "yes"})] {
        let params =
            json!({"arguments": wish("a harbour"), "inputResponses": answers, "requestState": state});
        state_of(&modern(&mut paying.talk, params).await);
    }
    paying.nothing_was_spent().await;

    // The process may end in between, and the client may write the arguments in another order.
    paying.restart().await;
    let mut arguments = json!({"resolution": "720p", "duration_seconds": 4, "model": "veo-3.1-lite"});
    arguments["prompt"] = json!("a harbour");
    let params = json!({"arguments": arguments, "inputResponses": yes, "requestState": state});
    let made = modern(&mut paying.talk, params.clone()).await;
    assert_eq!(report(&made)["state"], "done", "{made}");
    paying.one_bill();
    // The same answer again changes nothing more.
    let again = modern(&mut paying.talk, params).await;
    assert_eq!(report(&again)["job_id"], report(&made)["job_id"]);
    paying.one_bill();
}

#[tokio::test]
async fn a_newer_client_may_decline_or_close() {
    let mut paying = Paying::open(Some("0.10")).await;
    for (action, state, words) in [
        ("cancel", "needs_approval", "closed the question"),
        ("decline", "cancelled", "nothing was sent, and nothing was spent"),
    ] {
        // Also a call that asks for another job is answered with its own.
        let mut arguments = wish("a harbour");
        arguments["new"] = json!(true);
        let first = modern(&mut paying.talk, json!({"arguments": arguments})).await;
        let params = json!({
            "arguments": arguments,
            "inputResponses": {"approval": {"action": action}},
            "requestState": state_of(&first),
        });
        let answer = modern(&mut paying.talk, params).await;
        assert_eq!(report(&answer)["state"], state, "{answer}");
        assert!(report(&answer)["message"].as_str().unwrap().contains(words), "{answer}");
    }
    paying.nothing_was_spent().await;
}

#[tokio::test]
async fn a_client_with_tasks_asks_first_and_then_looks() {
    let mut paying = Paying::open(Some("0.10")).await;
    let talk = &mut paying.talk;
    let asked = json!({"name": "generate_video", "arguments": wish("a harbour")});
    let first = with_tasks(talk, "tools/call", asked.clone(), true).await;
    let mut params = asked;
    params["requestState"] = state_of(&first);
    params["inputResponses"] = json!({"approval": {"action": "accept", "content": {}}});
    let id = handle(&with_tasks(talk, "tools/call", params, true).await);
    assert_eq!(ended(talk, &id).await["result"]["structuredContent"]["state"], "done");
    paying.one_bill();
}

#[tokio::test]
async fn a_task_that_waits_for_a_word_takes_it() {
    let mut paying = Paying::open(Some("0.10")).await;
    for (action, status) in [("decline", "cancelled"), ("accept", "completed")] {
        let talk = &mut paying.talk;
        let mut asked = wish("a harbour");
        asked["wait_seconds"] = json!(0);
        asked["new"] = json!(true);
        let params = json!({"name": "generate_video", "arguments": asked});
        let waiting = with_tasks(talk, "tools/call", params, true).await;
        let id = report(&waiting)["job_id"].clone();
        let task = with_tasks(talk, "tasks/get", json!({"taskId": id}), true).await;
        assert_eq!(task["result"]["status"], "input_required", "{task}");
        assert_eq!(task["result"]["inputRequests"]["approval"]["method"], "elicitation/create", "{task}");
        // A client that cannot ask its user is told as the tool would tell it.
        let task = with_tasks(talk, "tasks/get", json!({"taskId": id}), false).await;
        assert_eq!(task["result"]["status"], "completed", "{task}");
        assert!(
            task["result"]["result"]["structuredContent"]["approval"]["quote_token"].is_string(),
            "{task}"
        );

        // Answers to other questions are nothing to us.
        for answers in [json!({"other": {"action": "accept"}}), json!({"approval": {"action": action}})] {
            let params = json!({"taskId": id, "inputResponses": answers});
            let ack = with_tasks(talk, "tasks/update", params, true).await;
            assert_eq!(ack["result"]["resultType"], "complete", "{ack}");
        }
        let task = ended(talk, &id).await;
        assert_eq!(task["status"], status, "{task}");
    }
    paying.one_bill();
}
