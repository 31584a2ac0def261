//! The frames of `/run_sse`: events of the agent framework, or the simpler typed ones.
//!
//! Key names, their order and their casing are those measured on the framework's own server (1.4, 1.27, 2.x).

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::Clock;
use crate::sandbox::options::{AdkKeys, Dialect};

/// Writes the events of one run.
pub(super) struct Frames {
    dialect: Dialect,
    keys: AdkKeys,
    clock: Clock,
    invocation: String,
    calls: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_metadata: Option<Value>,
    invocation_id: String,
    author: &'static str,
    actions: Actions,
    #[serde(skip_serializing_if = "Option::is_none")]
    long_running_tool_ids: Option<[String; 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_info: Option<Value>,
    id: String,
    timestamp: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Actions {
    state_delta: Value,
    artifact_delta: Value,
    requested_auth_configs: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_tool_confirmations: Option<Value>,
}

impl Frames {
    pub(super) fn new(dialect: Dialect, keys: AdkKeys, clock: Clock) -> Self {
        Self { dialect, keys, clock, invocation: format!("e-{}", Uuid::new_v4()), calls: 0 }
    }

    /// A finished text.
    pub(super) fn text(&self, text: &str) -> String {
        if self.dialect == Dialect::Typed {
            return json!({ "type": "text", "content": text }).to_string();
        }
        let mut event = self.event(Some(model(json!([{ "text": text }]))));
        if self.keys == AdkKeys::V2 {
            let tokens = text.chars().count() / 4 + 1;
            event.model_version = Some("scripted-1");
            event.finish_reason = Some("STOP");
            event.usage_metadata = Some(json!({
                "candidatesTokenCount": tokens, "promptTokenCount": 812, "totalTokenCount": 812 + tokens,
            }));
        }
        write(&event)
    }

    /// A piece of a text that will be repeated whole.
    pub(super) fn partial(&self, text: &str) -> String {
        if self.dialect == Dialect::Typed {
            return json!({ "type": "chunk", "content": text }).to_string();
        }
        let mut event = self.event(Some(model(json!([{ "text": text }]))));
        event.partial = Some(true);
        write(&event)
    }

    /// A thought, not meant to be shown. The typed dialect has three frames for it.
    pub(super) fn thought(&self, text: &str) -> Vec<String> {
        if self.dialect == Dialect::Typed {
            let chunk = json!({ "type": "thinking_chunk", "content": text });
            return [json!({ "type": "thinking_start" }), chunk, json!({ "type": "thinking_end" })]
                .map(|frame| frame.to_string())
                .into();
        }
        let part = json!([{ "text": text, "thought": true, "thoughtSignature": "AAFzaWf_" }]);
        vec![write(&self.event(Some(model(part))))]
    }

    /// A tool call; returns its id for the result.
    pub(super) fn call(&mut self, tool: &str, args: &Value) -> (String, String) {
        self.calls += 1;
        let id = format!("adk-call-{:03}", self.calls);
        if self.dialect == Dialect::Typed {
            return (json!({ "type": "tool_call", "name": tool, "args": args }).to_string(), id);
        }
        let part = json!([{ "functionCall": { "id": id, "args": args, "name": tool } }]);
        let mut event = self.event(Some(model(part)));
        if self.keys != AdkKeys::V2 {
            event.long_running_tool_ids = Some([]);
        }
        (write(&event), id)
    }

    /// A tool's result, and what it changed.
    pub(super) fn result(&self, id: &str, tool: &str, response: &Value, delta: Value) -> String {
        if self.dialect == Dialect::Typed {
            return json!({ "type": "tool_result", "name": tool, "result": response }).to_string();
        }
        let part = json!([{ "functionResponse": { "id": id, "name": tool, "response": response } }]);
        // The role of a result is `user`, although the agent is its author.
        let mut event = self.event(Some(json!({ "parts": part, "role": "user" })));
        event.actions.state_delta = delta;
        write(&event)
    }

    /// A model's error inside a normal event.
    pub(super) fn model_error(&self, code: &str, message: &str) -> String {
        if self.dialect == Dialect::Typed {
            return json!({ "type": "error", "error": format!("{code}: {message}") }).to_string();
        }
        let mut event = self.event(None);
        event.error_code = Some(code.to_owned());
        event.error_message = Some(message.to_owned());
        write(&event)
    }

    /// A second frame with the id of this one and no content, as releases after 1.4 split an event with an artifact.
    pub(super) fn twin(&self, frame: &str) -> Option<String> {
        let mut event: Value = serde_json::from_str(frame).ok()?;
        let map = event.as_object_mut().filter(|_| self.dialect == Dialect::Adk)?;
        for key in ["modelVersion", "content", "finishReason", "usageMetadata"] {
            map.shift_remove(key);
        }
        map.get_mut("actions")?["artifactDelta"] = json!({ "rough_cut.json": 0 });
        Some(event.to_string())
    }

    /// An exception of the server itself. It is not an event; release 1.4 pasted the text in without escaping it.
    pub(super) fn exception(&self, malformed: bool) -> String {
        if malformed {
            return "{\"error\": \"sandbox: worker said \"no\" and left\nTraceback (most recent call last)\"}".to_owned();
        }
        let text = "RuntimeError: sandbox: the worker vanished";
        let at = self.seconds();
        let details = format!(
            "{{\"error_type\": \"RuntimeError\", \"error_message\": \"sandbox: the worker vanished\", \"timestamp\": {at}}}"
        );
        match self.keys {
            AdkKeys::V2 => format!("{{\"error\": \"{text}\", \"error_details\": {details}}}"),
            AdkKeys::V1_4 | AdkKeys::V1_27 => format!("{{\"error\": \"{text}\"}}"),
        }
    }

    fn event(&self, content: Option<Value>) -> Event {
        let whole_id = Uuid::new_v4();
        Event {
            model_version: None,
            content,
            partial: None,
            finish_reason: None,
            error_code: None,
            error_message: None,
            usage_metadata: None,
            invocation_id: self.invocation.clone(),
            author: "nemo_agent",
            actions: Actions {
                state_delta: json!({}),
                artifact_delta: json!({}),
                requested_auth_configs: json!({}),
                requested_tool_confirmations: (self.keys != AdkKeys::V1_4).then(|| json!({})),
            },
            long_running_tool_ids: None,
            node_info: (self.keys == AdkKeys::V2).then(|| json!({ "path": "" })),
            id: if self.keys == AdkKeys::V1_4 {
                whole_id.simple().to_string().chars().take(8).collect()
            } else {
                whole_id.to_string()
            },
            timestamp: self.seconds(),
        }
    }

    fn seconds(&self) -> f64 {
        self.clock.now_ms() as f64 / 1000.0
    }
}

fn model(parts: Value) -> Value {
    json!({ "parts": parts, "role": "model" })
}

fn write(event: &Event) -> String {
    // Nothing in an event can fail to serialise: its keys are strings and its numbers finite.
    serde_json::to_string(event).unwrap_or_default()
}
