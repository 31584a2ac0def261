//! Events of a turn: one frame of the stream becomes one typed event, in either dialect.
//!
//! The backend speaks the event format of the Agent Development Kit; its own reference shows simpler frames with a
//! `type`. Nothing public says which one production sends, so each frame is read for itself
//! (NemoVideo skill, SSE Event Handling).

use serde_json::value::RawValue;

use crate::nemo::wire::{self, Fields};
use crate::net::sse::Frame;

/// What happened in a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnEvent {
    /// The backend is at work: a heartbeat, a comment, or a piece of an event.
    Alive,
    /// The agent said or did something.
    Message(Message),
    /// The run failed on the server; the stream usually ends after it, cleanly.
    Fault(Fault),
}

/// One step of the agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Visible text: all text parts but the thoughts.
    pub text: Option<String>,
    /// The text is a piece that a later event repeats as a whole.
    pub partial: bool,
    /// How many thoughts it carried. They are never shown.
    pub thoughts: usize,
    /// Names of the tools that were called.
    pub tool_calls: Vec<String>,
    /// Names of the tools that answered.
    pub tool_results: Vec<ToolResult>,
    /// Which parts of the session state changed.
    pub state_keys: Vec<String>,
    /// The model failed.
    pub fault: Option<Fault>,
}

/// A tool's answer, as far as we look into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// The tool.
    pub name: String,
    /// What went wrong, if it did.
    pub fault: Option<Fault>,
}

/// A failure in the service's words: not for the user as they stand (they may hold paths and process numbers).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// A code of the error table, such as 2001 for "no credits".
    pub code: Option<i64>,
    /// Code and message as they came.
    pub words: String,
}

impl TurnEvent {
    /// Reads one frame. Whatever cannot be read counts as a sign of life.
    #[must_use]
    pub fn read(frame: &Frame) -> Self {
        let Frame::Event { name, data } = frame else { return Self::Alive };
        let data = data.trim();
        if name == "heartbeat" || matches!(data, "" | "{}" | "heartbeat" | "[DONE]") {
            return Self::Alive;
        }
        if let Some(fields) = Fields::parse(data) {
            return object(&fields);
        }
        match malformed_error(data) {
            Some(words) => Self::Fault(Fault { code: None, words }),
            None => {
                tracing::debug!(bytes = data.len(), "skipped a frame that is no JSON object");
                Self::Alive
            }
        }
    }
}

fn object(fields: &Fields<'_>) -> TurnEvent {
    if fields.is_empty() {
        return TurnEvent::Alive;
    }
    if fields.raw("content").is_none_or(|content| content.get().starts_with('"'))
        && let Some(kind) = fields.text("type")
    {
        return typed(&kind, fields);
    }
    let known = ["content", "actions", "errorCode", "errorMessage", "author", "invocationId"];
    if known.iter().all(|name| fields.raw(name).is_none()) {
        if let Some(fault) = envelope_fault(fields) {
            return TurnEvent::Fault(fault);
        }
        // A server may send bare text frames; public callers read this key.
        return match fields.text("text") {
            Some(text) => TurnEvent::Message(Message { text: Some(text), ..Message::default() }),
            None => TurnEvent::Alive,
        };
    }
    TurnEvent::Message(adk(fields))
}

/// An event of the Agent Development Kit.
fn adk(fields: &Fields<'_>) -> Message {
    let mut message = Message { partial: fields.flag("partial").unwrap_or_default(), ..Message::default() };
    let content = fields.object("content").unwrap_or_default();
    for part in content.list("parts") {
        if let Some(part) = Fields::parse(part.get()) {
            read_part(&part, &mut message);
        }
    }
    if let Some(delta) = fields.object("actions").and_then(|actions| actions.object("stateDelta")) {
        message.state_keys = delta.names().map(ToOwned::to_owned).collect();
    }
    let (code, words) = (fields.text("errorCode"), fields.text("errorMessage"));
    if code.is_some() || words.is_some() {
        message.fault = Some(Fault::of(code, words));
    }
    message
}

fn read_part(part: &Fields<'_>, message: &mut Message) {
    if part.flag("thought") == Some(true) {
        message.thoughts += 1;
    } else if let Some(text) = part.text("text") {
        message.text.get_or_insert_default().push_str(&text);
    }
    if let Some(call) = part.object("functionCall").or_else(|| part.object("function_call")) {
        message.tool_calls.push(call.text("name").unwrap_or_default());
    }
    if let Some(reply) = part.object("functionResponse").or_else(|| part.object("function_response")) {
        let name = reply.text("name").unwrap_or_default();
        message.tool_results.push(ToolResult { name, fault: reply.raw("response").and_then(tool_fault) });
    }
}

/// A frame of the simpler dialect, told apart by its `type`.
fn typed(kind: &str, fields: &Fields<'_>) -> TurnEvent {
    let mut message = Message::default();
    let tool = || fields.text("name").or_else(|| fields.text("tool")).unwrap_or_default();
    match kind {
        "text" | "chunk" => {
            message.text = fields.text("content").or_else(|| fields.text("text"));
            message.partial = kind == "chunk" || fields.flag("partial") == Some(true);
        }
        "tool_call" | "tool_start" | "toolcall_start" => message.tool_calls.push(tool()),
        "tool_result" | "tool_end" | "toolcall_end" => {
            let fault = fields.raw("result").or_else(|| fields.raw("response")).and_then(tool_fault);
            message.tool_results.push(ToolResult { name: tool(), fault });
        }
        "thinking_start" | "thinking_chunk" | "thinking_end" => message.thoughts += 1,
        "ask_question" => message.text = question(fields),
        "error" => return TurnEvent::Fault(envelope_fault(fields).unwrap_or_else(|| Fault::of(None, None))),
        _ => return TurnEvent::Alive,
    }
    TurnEvent::Message(message)
}

/// A question of the agent, as text: title, prompts, and the options to choose from.
fn question(fields: &Fields<'_>) -> Option<String> {
    let mut lines: Vec<String> = fields.text("title").into_iter().collect();
    for question in fields.list("questions") {
        let Some(question) = Fields::parse(question.get()) else { continue };
        lines.extend(question.text("prompt"));
        let labels =
            question.list("options").into_iter().filter_map(|option| match Fields::parse(option.get()) {
                Some(option) => option.text("label").or_else(|| option.text("id")),
                None => wire::text(option),
            });
        lines.extend(labels.map(|label| format!("- {label}")));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// `{"error": …}`, or a code envelope that came as a frame.
fn envelope_fault(fields: &Fields<'_>) -> Option<Fault> {
    let code = fields.text("code").filter(|code| code.trim() != "0");
    if code.is_none() && fields.raw("error").is_none() {
        return None;
    }
    let nested = fields.object("error").or_else(|| fields.object("error_details"));
    let words = ["error", "message", "msg"].iter().find_map(|name| fields.text(name));
    let inner = |name: &str| nested.as_ref().and_then(|nested| nested.text(name));
    Some(Fault::of(
        code.or_else(|| inner("code")),
        words.or_else(|| inner("message")).or_else(|| inner("error_message")),
    ))
}

/// What a tool's answer says about its failure.
fn tool_fault(response: &RawValue) -> Option<Fault> {
    let fields = Fields::parse(response.get())?;
    let failed =
        fields.text("status").is_some_and(|status| matches!(status.as_str(), "error" | "failed" | "failure"))
            || fields.flag("success") == Some(false);
    let fault = envelope_fault(&fields);
    if failed { Some(fault.unwrap_or_default()) } else { fault.filter(|_| fields.raw("error").is_some()) }
}

impl Fault {
    fn of(code: Option<String>, words: Option<String>) -> Self {
        let number = code.as_deref().and_then(|code| code.trim().parse().ok());
        let words = match (code, words) {
            (Some(code), Some(words)) => format!("{code}: {words}"),
            (code, words) => code.or(words).unwrap_or_default(),
        };
        Self { code: number, words }
    }
}

/// Old servers put an exception's text between quotes without escaping it, and cut it at its first line break.
fn malformed_error(data: &str) -> Option<String> {
    let words = data.strip_prefix("{\"error\":")?.trim();
    let words = words.strip_prefix('"').unwrap_or(words);
    Some(words.strip_suffix("\"}").unwrap_or(words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, data: &str) -> TurnEvent {
        TurnEvent::read(&Frame::Event { name: name.into(), data: data.into() })
    }

    fn message(data: &str) -> Message {
        match read("message", data) {
            TurnEvent::Message(message) => message,
            other => panic!("{data}: {other:?}"),
        }
    }

    #[test]
    fn heartbeats_in_every_form() {
        assert_eq!(TurnEvent::read(&Frame::Pulse), TurnEvent::Alive);
        for (name, data) in [
            ("message", ""),
            ("message", " "),
            ("message", "heartbeat"),
            ("message", r#"{"type":"heartbeat"}"#),
            ("message", r#"{"type": "pong"}"#),
            ("message", "{}"),
            ("message", "[DONE]"),
            ("message", "null"),
            ("message", "[1]"),
            ("message", "not json"),
            ("message", r#"{"type":"done"}"#),
            ("heartbeat", ""),
            ("heartbeat", r#"{"content":{"parts":[{"text":"x"}]}}"#),
        ] {
            assert_eq!(read(name, data), TurnEvent::Alive, "{name} {data}");
        }
    }

    #[test]
    fn failures_in_every_form() {
        for (data, code, words) in [
            (r#"{"error": "bad \"quoted\" \u5931\u8d25\nline2"}"#, None, "bad \"quoted\" 失败\nline2"),
            (r#"{"error": "bad "quoted" text"}"#, None, "bad \"quoted\" text"),
            (r#"{"error": "first line"#, None, "first line"),
            (r#"{"error":"X","error_details":{"error_type":"E"}}"#, None, "X"),
            (r#"{"error":{"code":2001,"message":"no credits"}}"#, Some(2001), "2001: no credits"),
            (r#"{"code":"2001","msg":"no credits","data":null}"#, Some(2001), "2001: no credits"),
            (r#"{"type":"error","error":"boom"}"#, None, "boom"),
        ] {
            let expected = Fault { code, words: words.into() };
            assert_eq!(read("message", data), TurnEvent::Fault(expected), "{data}");
        }
        let fault =
            message(r#"{"errorCode":"MALFORMED_FUNCTION_CALL","author":"nemo_agent"}"#).fault.unwrap();
        assert_eq!((fault.code, fault.words.as_str()), (None, "MALFORMED_FUNCTION_CALL"));
        let result = message(
            r#"{"content":{"parts":[{"functionResponse":{"name":"g","response":{"status":"error","error":{"code":5003,"message":"policy"}}}}],"role":"user"}}"#,
        );
        assert_eq!(result.tool_results[0].fault.as_ref().unwrap().words, "5003: policy");
        let fine = message(
            r#"{"content":{"parts":[{"functionResponse":{"name":"g","response":{"status":"success","error":null}}}]}}"#,
        );
        assert_eq!(fine.tool_results[0].fault, None);
    }

    #[test]
    fn the_typed_dialect() {
        assert_eq!(message(r#"{"type":"text","content":"Hi"}"#).text.as_deref(), Some("Hi"));
        assert_eq!(message(r#"{"text":"Hi"}"#).text.as_deref(), Some("Hi"));
        let chunk = message(r#"{"type":"chunk","text":"H"}"#);
        assert!(chunk.partial && chunk.text.as_deref() == Some("H"));
        assert_eq!(
            message(r#"{"type":"tool_call","name":"edit_multitrack","args":{}}"#).tool_calls,
            ["edit_multitrack"]
        );
        let done = message(r#"{"type":"tool_result","name":"edit_multitrack","result":{"success":false}}"#);
        assert!(done.tool_results[0].fault.is_some());
        assert_eq!(message(r#"{"type":"thinking_chunk","content":"secret"}"#).text, None);
        let asked = r#"{"type":"ask_question","title":"Style?","questions":[{"id":"q","prompt":"Pick one","options":[{"id":"a","label":"Warm"},"Cold"]}]}"#;
        assert_eq!(message(asked).text.as_deref(), Some("Style?\nPick one\n- Warm\n- Cold"));
    }

    #[test]
    fn odd_types_do_not_stop_the_reading() {
        for data in [
            r#"{"content":null,"actions":5,"author":"a"}"#,
            r#"{"content":{"parts":null},"author":1}"#,
            r#"{"content":{"parts":[null,1,"x",{"text":null},{"text":{}},{"functionCall":[]}]},"partial":null}"#,
            r#"{"content":[],"errorCode":null}"#,
        ] {
            assert_eq!(message(data), Message::default(), "{data}");
        }
    }
}
