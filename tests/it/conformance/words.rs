//! What the suite's own tools, prompts and resources say, as its scenarios describe them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use super::beside::read;

/// Every tool of the suite that is mounted here.
const TOOLS: [&str; 25] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_progress",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
    "json_schema_2020_12_tool",
    "test_custom_headers",
];

pub(super) fn is_tool(name: &str) -> bool {
    TOOLS.contains(&name)
}

pub(super) fn tools() -> Vec<Tool> {
    TOOLS
        .iter()
        .map(|name| {
            let schema: JsonObject = read(match *name {
                "json_schema_2020_12_tool" => rich_schema(),
                "test_custom_headers" => json!({"type": "object", "properties": {
                    "region": {"type": "string", "x-mcp-header": "Region"},
                }}),
                "test_elicitation" => {
                    json!({"type": "object", "properties": {"message": {"type": "string"}}})
                }
                _ => json!({"type": "object", "properties": {}}),
            });
            Tool::new(*name, "Of the conformance suite.", schema)
        })
        .collect()
}

/// Words of JSON Schema 2020-12 that must pass through unchanged.
fn rich_schema() -> Value {
    let text = || json!({"type": "string"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": text(), "city": text()},
        }},
        "properties": {
            "name": text(),
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": text(),
            "email": text(),
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}

fn picture() -> String {
    BASE64.encode(include_bytes!("../../../src/mcp/server/icon.png"))
}

/// A sound without a sample.
fn silence() -> String {
    let mut wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend(8_000u32.to_le_bytes());
    wav.extend(16_000u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data\0\0\0\0");
    BASE64.encode(wav)
}

/// The result of a tool that only says something.
pub(super) fn result(name: &str) -> Value {
    let image = || json!({"type": "image", "data": picture(), "mimeType": "image/png"});
    let content = match name {
        "test_simple_text" => {
            json!([{"type": "text", "text": "This is a simple text response for testing."}])
        }
        "test_image_content" => json!([image()]),
        "test_audio_content" => json!([{"type": "audio", "data": silence(), "mimeType": "audio/wav"}]),
        "test_embedded_resource" => json!([{"type": "resource", "resource": {
            "uri": "test://embedded-resource",
            "mimeType": "text/plain",
            "text": "This is an embedded resource content.",
        }}]),
        "test_multiple_content_types" => json!([
            {"type": "text", "text": "Multiple content types test:"},
            image(),
            {"type": "resource", "resource": {
                "uri": "test://mixed-content-resource",
                "mimeType": "application/json",
                "text": json!({"test": "data", "value": 123}).to_string(),
            }},
        ]),
        "test_error_handling" => {
            json!([{"type": "text", "text": "This tool intentionally returns an error for testing"}])
        }
        other => json!([{"type": "text", "text": format!("{other} has nothing to say.")}]),
    };
    json!({"content": content, "isError": name == "test_error_handling"})
}

/// The form of a tool that asks its user while the call waits.
pub(super) fn form(name: &str, message: Option<&str>) -> Option<Value> {
    let choices = |names: [&str; 3], titles: [&str; 3]| {
        let titled = |(name, title): (&str, &str)| json!({"const": name, "title": title});
        names.into_iter().zip(titles).map(titled).collect::<Vec<_>>()
    };
    let options = ["option1", "option2", "option3"];
    let values = ["value1", "value2", "value3"];
    let (properties, required) = match name {
        "test_elicitation" => (
            json!({
                "username": {"type": "string", "description": "User's response"},
                "email": {"type": "string", "description": "User's email address"},
            }),
            json!(["username", "email"]),
        ),
        "test_elicitation_sep1034_defaults" => (
            json!({
                "name": {"type": "string", "default": "John Doe"},
                "age": {"type": "integer", "default": 30},
                "score": {"type": "number", "default": 95.5},
                "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
                "verified": {"type": "boolean", "default": true},
            }),
            json!([]),
        ),
        "test_elicitation_sep1330_enums" => (
            json!({
                "untitledSingle": {"type": "string", "enum": options},
                "titledSingle": {
                    "type": "string",
                    "oneOf": choices(values, ["First Option", "Second Option", "Third Option"]),
                },
                "legacyEnum": {
                    "type": "string",
                    "enum": ["opt1", "opt2", "opt3"],
                    "enumNames": ["Option One", "Option Two", "Option Three"],
                },
                "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
                "titledMulti": {
                    "type": "array",
                    "items": {"anyOf": choices(values, ["First Choice", "Second Choice", "Third Choice"])},
                },
            }),
            json!([]),
        ),
        _ => return None,
    };
    let mut schema = json!({"type": "object", "properties": properties});
    if required != json!([]) {
        schema["required"] = required;
    }
    let message = message.unwrap_or("Please answer.");
    Some(json!({"mode": "form", "message": message, "requestedSchema": schema}))
}

/// What stands at an address of the suite.
pub(super) fn resource(uri: &str) -> Option<Value> {
    if let Some(id) = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data")) {
        let text = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")}).to_string();
        return Some(json!({"uri": uri, "mimeType": "application/json", "text": text}));
    }
    match uri {
        "test://static-text" => Some(json!({
            "uri": uri,
            "mimeType": "text/plain",
            "text": "This is the content of the static text resource.",
        })),
        "test://static-binary" => Some(json!({"uri": uri, "mimeType": "image/png", "blob": picture()})),
        _ => None,
    }
}

/// The messages of a prompt of the suite.
pub(super) fn prompt(name: &str, arguments: Option<&JsonObject>) -> Option<Value> {
    let given = |name: &str| {
        arguments.and_then(|given| given.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let says = |content: Value| json!({"role": "user", "content": content});
    let text = |words: String| says(json!({"type": "text", "text": words}));
    Some(match name {
        "test_simple_prompt" => json!([text("This is a simple prompt for testing.".into())]),
        "test_prompt_with_arguments" => {
            let words = format!("Prompt with arguments: arg1='{}', arg2='{}'", given("arg1"), given("arg2"));
            json!([text(words)])
        }
        "test_prompt_with_embedded_resource" => json!([
            says(json!({"type": "resource", "resource": {
                "uri": given("resourceUri"),
                "mimeType": "text/plain",
                "text": "Embedded resource content for testing.",
            }})),
            text("Please process the embedded resource above.".into()),
        ]),
        "test_prompt_with_image" => json!([
            says(json!({"type": "image", "data": picture(), "mimeType": "image/png"})),
            text("Please analyze the image above.".into()),
        ]),
        _ => return None,
    })
}
