//! Arguments of a tool call, held against the published schema before anything else happens.
//!
//! The SDK only advertises the schema; what is advertised is enforced here, with errors that name the argument.

use rmcp::ErrorData;
use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::mcp::server::Server;

/// The arguments as the tool knows them, or the error that the assistant should read.
pub(super) struct Arguments<T>(pub(super) Result<T>);

impl<T: DeserializeOwned> FromContextPart<ToolCallContext<'_, Server>> for Arguments<T> {
    fn from_context_part(context: &mut ToolCallContext<'_, Server>) -> Result<Self, ErrorData> {
        let given = context.arguments.take().unwrap_or_default();
        let schema =
            context.service.tool(context.name()).map(|tool| tool.input_schema.clone()).unwrap_or_default();
        Ok(Self(read(&schema, given)))
    }
}

/// Checks the arguments against the schema and reads them.
fn read<T: DeserializeOwned>(schema: &JsonObject, mut given: JsonObject) -> Result<T> {
    // Assistants write null for what they leave out.
    given.retain(|_, value| !value.is_null());
    let faults = faults(schema, &given);
    if !faults.is_empty() {
        return Err(
            Error::invalid(faults.join(" ")).next("Correct the arguments and call again; nothing was sent.")
        );
    }
    serde_json::from_value(Value::Object(given))
        .map_err(|error| Error::invalid(format!("The arguments cannot be read: {error}.")))
}

/// Everything that is wrong, a sentence each.
fn faults(schema: &JsonObject, given: &JsonObject) -> Vec<String> {
    let none = JsonObject::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let mut faults = Vec::new();
    for (name, value) in given {
        match known.get(name) {
            None => faults.push(unknown(name, known)),
            Some(rule) => faults.extend(fault(name, rule, value)),
        }
    }
    for name in
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        if !given.contains_key(name) {
            let about = known.get(name).map(about).unwrap_or_default();
            faults.push(format!("The argument {name} is missing{about}."));
        }
    }
    faults
}

/// What is wrong with one value.
fn fault(name: &str, rule: &Value, value: &Value) -> Option<String> {
    let wanted = rule.get("type").and_then(Value::as_str).unwrap_or_default();
    let fits = match wanted {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => true,
    };
    if !fits {
        return Some(format!(
            "{name} must be {}{}, not {}{}.",
            kind(wanted),
            range(rule),
            shown(value),
            about(rule)
        ));
    }
    if let Some(allowed) = rule.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let allowed: Vec<_> = allowed.iter().filter_map(Value::as_str).collect();
        return Some(format!("{name} must be one of {}, not {}.", allowed.join(", "), shown(value)));
    }
    let beyond = |limit: &str, out: fn(f64, f64) -> bool| {
        rule.get(limit)
            .and_then(Value::as_f64)
            .zip(value.as_f64())
            .is_some_and(|(limit, number)| out(number, limit))
    };
    if beyond("minimum", |number, least| number < least) || beyond("maximum", |number, most| number > most) {
        return Some(format!(
            "{name} must be {}{}, not {}{}.",
            kind(wanted),
            range(rule),
            shown(value),
            about(rule)
        ));
    }
    let each = rule.get("items")?;
    value.as_array()?.iter().enumerate().find_map(|(at, item)| fault(&format!("{name}[{at}]"), each, item))
}

/// A type in plain words.
fn kind(name: &str) -> &'static str {
    match name {
        "string" => "text",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        _ => "a number",
    }
}

/// The allowed range, if there is one, with a space before it.
fn range(rule: &Value) -> String {
    let limit = |name: &str| rule.get(name).and_then(Value::as_f64);
    match (limit("minimum"), limit("maximum")) {
        (Some(least), Some(most)) => format!(" between {least} and {most}"),
        (Some(least), None) => format!(" of at least {least}"),
        (None, Some(most)) => format!(" of at most {most}"),
        (None, None) => String::new(),
    }
}

/// The schema's own words, as an aside.
fn about(rule: &Value) -> String {
    match rule.get("description").and_then(Value::as_str) {
        Some(words) => format!(" ({})", words.trim_end_matches('.')),
        None => String::new(),
    }
}

/// A value as given, shortened.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{}\"", crate::redact::quote(text, 60)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        other => other.to_string(),
    }
}

fn unknown(name: &str, known: &JsonObject) -> String {
    let shown = crate::redact::quote(name, 60);
    if known.is_empty() {
        return format!("There is no argument {shown}; this tool takes none.");
    }
    format!("There is no argument {shown}; {}", hint(name, known.keys().map(String::as_str)))
}

/// What follows a name that nobody knows: the one that was probably meant, or all that there are.
pub(super) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}.", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The name that was probably meant: it differs in at most a third of its letters, or one contains the other
/// (`duration` for `duration_seconds`).
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    // Names of ours are short; a longer one is no slip of the finger.
    if name.is_empty() || name.len() > 60 {
        return None;
    }
    known
        .filter_map(|one| {
            let inside = name.len() >= 3 && (one.contains(&name) || name.contains(one));
            let distance = if inside { 1 } else { edits(&name, one) };
            (distance * 3 <= one.len().max(3)).then_some((distance, one))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// How many letters must be added, dropped or changed to get from one word to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut above_left = line;
        let mut left = line + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(&to) {
            let changed = above_left + usize::from(letter != *other);
            above_left = *cell;
            left = changed.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> JsonObject {
        let Value::Object(schema) = json!({
            "properties": {
                "prompt": {"type": "string", "description": "What the video shows."},
                "duration_seconds": {"type": "number", "minimum": 1, "maximum": 600, "description": "Length."},
                "limit": {"type": "integer", "minimum": 1},
                "new": {"type": "boolean"},
                "files": {"type": "array", "items": {"type": "string"}},
                "service": {"type": "string", "enum": ["nemo", "sandbox"]},
            },
            "required": ["prompt"],
        }) else {
            unreachable!()
        };
        schema
    }

    #[test]
    fn each_fault_is_told_by_name() {
        for (given, told) in [
            (json!({}), "The argument prompt is missing (What the video shows)."),
            (json!({"prompt": null}), "The argument prompt is missing (What the video shows)."),
            (json!({"prompt": 7}), "prompt must be text, not 7 (What the video shows)."),
            (
                json!({"prompt": "a", "duration_seconds": "ten"}),
                "duration_seconds must be a number between 1 and 600, not the text \"ten\" (Length).",
            ),
            (
                json!({"prompt": "a", "duration_seconds": 0}),
                "duration_seconds must be a number between 1 and 600, not 0 (Length).",
            ),
            (
                json!({"prompt": "a", "duration_seconds": 4000}),
                "duration_seconds must be a number between 1 and 600, not 4000 (Length).",
            ),
            (json!({"prompt": "a", "limit": 1.5}), "limit must be a whole number of at least 1, not 1.5."),
            (json!({"prompt": "a", "limit": -1}), "limit must be a whole number of at least 1, not -1."),
            (json!({"prompt": "a", "new": "yes"}), "new must be true or false, not the text \"yes\"."),
            (json!({"prompt": "a", "files": "a.mp4"}), "files must be a list, not the text \"a.mp4\"."),
            (json!({"prompt": "a", "files": ["a", {}]}), "files[1] must be text, not an object."),
            (
                json!({"prompt": "a", "service": "sora"}),
                "service must be one of nemo, sandbox, not the text \"sora\".",
            ),
            (
                json!({"prompt": "a", "duration": 5}),
                "There is no argument duration; did you mean duration_seconds?",
            ),
            (json!({"prompt": "a", "promt": "b"}), "There is no argument promt; did you mean prompt?"),
            (
                json!({"prompt": "a", "zzzzzz": 1}),
                "There is no argument zzzzzz; there are prompt, duration_seconds, limit, new, files, service.",
            ),
        ] {
            let Value::Object(given) = given else { unreachable!() };
            let error = read::<Value>(&schema(), given.clone()).unwrap_err();
            assert_eq!(error.message(), told, "{given:?}");
        }
    }

    #[test]
    fn good_arguments_pass_and_null_is_nothing() {
        let Value::Object(given) = json!({"prompt": "a", "limit": 5, "new": null, "files": []}) else {
            unreachable!()
        };
        let read = read::<Value>(&schema(), given).unwrap();
        assert_eq!(read, json!({"prompt": "a", "limit": 5, "files": []}));
    }

    #[test]
    fn letters_are_counted() {
        for (from, to, distance) in
            [("", "abc", 3), ("kitten", "sitting", 3), ("abc", "abc", 0), ("ab", "", 2)]
        {
            assert_eq!(edits(from, to), distance);
        }
    }
}
