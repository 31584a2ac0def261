//! The suite's tools that ask by their answer: each describes the rounds of one scenario.

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, GetPromptRequestParams, GetPromptResponse,
    InputRequiredResult, InputResponses, RequestStateCodec,
};
use rmcp::service::RequestContext;
use serde_json::{Value, json};

use super::beside::{read, text};

fn form(message: &str, field: &str, kind: &str) -> Value {
    json!({"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": {
        "type": "object", "properties": {field: {"type": kind}}, "required": [field],
    }}})
}

fn sampling(words: &str, most: u32) -> Value {
    json!({"method": "sampling/createMessage", "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": words}}], "maxTokens": most,
    }})
}

fn roots() -> Value {
    json!({"method": "roots/list", "params": {}})
}

fn round(requests: Value, state: Option<String>) -> InputRequiredResult {
    let mut round = json!({"resultType": "input_required", "inputRequests": requests});
    if let Some(state) = state {
        round["requestState"] = json!(state);
    }
    read(round)
}

/// The content of an accepted form.
fn content<'a>(answers: &'a InputResponses, key: &str, field: &str) -> Option<&'a str> {
    answers.get(key)?.get("content")?.get(field)?.as_str()
}

/// What a tool answers that asks, or none when it asks nothing.
pub(super) fn tool(
    codec: &RequestStateCodec,
    name: &str,
    call: &CallToolRequestParams,
    request: &RequestContext<RoleServer>,
) -> Result<Option<CallToolResponse>, ErrorData> {
    let none = InputResponses::new();
    let answers = call.input_responses.as_ref().unwrap_or(&none);
    let state = match &call.request_state {
        Some(sealed) => {
            let opened = codec.open(sealed);
            Some(opened.map_err(|_| ErrorData::invalid_params("The requestState was changed.", None))?)
        }
        None => None,
    };
    let sealed = |words: &str| Some(codec.seal(words.as_bytes()));
    let ask = |requests: Value, state: Option<String>| Ok(Some(round(requests, state).into()));
    let done = |words: String| Ok(Some(text(words)));
    match name {
        "test_missing_capability" => {
            let able = request.client_capabilities().unwrap_or_default();
            let needed: ClientCapabilities = read(json!({"sampling": {}}));
            let missing = able.sampling.is_none();
            match missing {
                true => Err(ErrorData::missing_required_client_capability(needed)),
                false => done("It is there.".into()),
            }
        }
        "test_input_required_result_elicitation" | "test_streaming_elicitation" => {
            match content(answers, "user_name", "name") {
                Some(name) => done(format!("Hello, {name}!")),
                None => ask(json!({"user_name": form("What is your name?", "name", "string")}), None),
            }
        }
        "test_input_required_result_sampling" => match answers.get("capital_question") {
            Some(answer) => done(format!("The model said: {answer}")),
            None => ask(json!({"capital_question": sampling("What is the capital of France?", 100)}), None),
        },
        "test_input_required_result_list_roots" => match answers.get("client_roots") {
            Some(answer) => done(format!("The roots are: {answer}")),
            None => ask(json!({"client_roots": roots()}), None),
        },
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
            match (answers.get("confirm"), state) {
                (Some(_), Some(_)) => done("state-ok".into()),
                _ => ask(json!({"confirm": form("Please confirm", "ok", "boolean")}), sealed("one")),
            }
        }
        "test_input_required_result_multiple_inputs" => {
            let all = ["user_name", "greeting", "client_roots"].iter().all(|key| answers.contains_key(*key));
            match all && state.is_some() {
                true => done("All three were answered.".into()),
                false => ask(
                    json!({
                        "user_name": form("What is your name?", "name", "string"),
                        "greeting": sampling("Generate a greeting", 50),
                        "client_roots": roots(),
                    }),
                    sealed("three"),
                ),
            }
        }
        "test_input_required_result_multi_round" => match state.as_deref() {
            Some(b"second") if answers.contains_key("step2") => done("Both steps are done.".into()),
            Some(b"first") if answers.contains_key("step1") => ask(
                json!({"step2": form("Step 2: What is your favorite color?", "color", "string")}),
                sealed("second"),
            ),
            _ => ask(json!({"step1": form("Step 1: What is your name?", "name", "string")}), sealed("first")),
        },
        "test_input_required_result_capabilities" => {
            let able = request.client_capabilities().unwrap_or_default();
            let mut requests = json!({});
            if able.elicitation.is_some() {
                requests["user_name"] = form("What is your name?", "name", "string");
            }
            if able.sampling.is_some() {
                requests["greeting"] = sampling("Generate a greeting", 50);
            }
            ask(requests, None)
        }
        _ => Ok(None),
    }
}

/// What the prompt answers that asks.
pub(super) fn prompt(wanted: &GetPromptRequestParams) -> Option<GetPromptResponse> {
    if wanted.name != "test_input_required_result_prompt" {
        return None;
    }
    let context = wanted.input_responses.as_ref().and_then(|all| content(all, "user_context", "context"));
    Some(match context {
        Some(context) => {
            let says =
                json!({"role": "user", "content": {"type": "text", "text": format!("Use: {context}")}});
            GetPromptResponse::Complete(read(json!({"resultType": "complete", "messages": [says]})))
        }
        None => {
            let question = form("What context should the prompt use?", "context", "string");
            round(json!({"user_context": question}), None).into()
        }
    })
}
