//! Answers as they come over the wire: headers that count, a body of any kind, and nothing in it that gives orders.

use bytes::Bytes;
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::money::Usd;
use crate::skillboss::dialect::Ids;

/// The longest pause that is believed (a wrong clock would otherwise stop us for hours).
const LONGEST_WAIT_S: u64 = 600;

/// The head of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) ids: Ids,
    /// Seconds that the service asks us to wait.
    pub(super) wait_s: Option<u64>,
    pub(super) content_type: String,
}

impl Head {
    pub(super) fn of(status: u16, headers: &HeaderMap, now: Timestamp) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status,
            ids: Ids::new(text("x-request-id"), text("x-record-id")),
            wait_s: text(RETRY_AFTER.as_str()).and_then(|value| wait_s(value, now)),
            content_type: text(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase(),
        }
    }

    /// The body is the clip itself.
    pub(super) fn is_video(&self) -> bool {
        self.content_type.starts_with("video/")
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    pub(super) body: Body,
}

/// What an answer holds.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// An object or a list, without the keys that begin with `_`; the cost that one of them may have told; and the
    /// same as text, word for word where nothing had to be removed.
    Json { value: Value, cost: Option<Usd>, text: String },
    /// Words, or a web page.
    Text(String),
    /// The clip itself.
    File(Bytes),
}

impl Answer {
    pub(super) fn new(head: Head, bytes: Vec<u8>) -> Self {
        let body = if head.is_video() && (200..300).contains(&head.status) {
            Body::File(bytes.into())
        } else {
            Body::of(&String::from_utf8_lossy(&bytes))
        };
        Self { head, body }
    }

    /// The JSON, or null.
    pub(super) fn json(&self) -> &Value {
        match &self.body {
            Body::Json { value, .. } => value,
            Body::Text(_) | Body::File(_) => &Value::Null,
        }
    }

    /// The JSON as text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Json { text, .. } => Some(text),
            Body::Text(_) | Body::File(_) => None,
        }
    }

    pub(super) fn cost(&self) -> Option<Usd> {
        match &self.body {
            Body::Json { cost, .. } => *cost,
            Body::Text(_) | Body::File(_) => None,
        }
    }
}

impl Body {
    pub(super) fn of(text: &str) -> Self {
        let json = text.trim_start_matches('\u{feff}').trim();
        let parsed = serde_json::from_str(json).or_else(|_| serde_json::from_str(&without_nan(json)));
        match parsed {
            Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
                let cost = cost(&value);
                let text = if strip(&mut value) > 0 { value.to_string() } else { json.to_owned() };
                Self::Json { value, cost, text }
            }
            _ => Self::Text(text.to_owned()),
        }
    }
}

/// Some servers write numbers that JSON does not have; an answer with one is an answer all the same.
fn without_nan(json: &str) -> String {
    let mut cleaned = String::with_capacity(json.len());
    for (number, part) in quoted_parts(json).into_iter().enumerate() {
        if number % 2 == 0 {
            cleaned.push_str(
                &part.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null"),
            );
        } else {
            cleaned.push_str(part);
        }
    }
    cleaned
}

/// What stands outside of strings and what inside, by turns; the marks belong to the strings.
fn quoted_parts(json: &str) -> Vec<&str> {
    let (mut parts, mut from, mut inside, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => {
                let cut = if inside { at + 1 } else { at };
                parts.extend(json.get(from..cut));
                from = cut;
                inside = !inside;
            }
            _ => {}
        }
    }
    parts.extend(json.get(from..));
    parts
}

/// Removes every key that begins with `_`: services put instructions for assistants there (`_memory_hint`,
/// `_skills_update_message`), and nothing that a client needs. Tells how many there were.
fn strip(value: &mut Value) -> usize {
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, _| !name.starts_with('_'));
            let removed = before - fields.len();
            removed + fields.values_mut().map(strip).sum::<usize>()
        }
        Value::Array(items) => items.iter_mut().map(strip).sum(),
        _ => 0,
    }
}

/// What the call or job cost, wherever that is told.
fn cost(value: &Value) -> Option<Usd> {
    ["", "/result", "/data", "/usage"].into_iter().find_map(|place| {
        let fields = value.pointer(place)?;
        ["cost_usd", "_call_cost_usd", "billed_usd", "total_cost_usd"]
            .into_iter()
            .find_map(|name| fields.get(name).and_then(Usd::of_json))
    })
}

/// `Retry-After`: seconds or a date.
fn wait_s(value: &str, now: Timestamp) -> Option<u64> {
    let value = value.trim();
    let seconds = match value.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let until = rfc2822::parse(value).ok()?.timestamp();
            u64::try_from(until.duration_since(now).as_secs()).unwrap_or(0)
        }
    };
    Some(seconds.min(LONGEST_WAIT_S))
}

/// A text in one of these fields, the first that has one. A number is taken as it is written.
pub(super) fn text(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match value.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// An amount in one of these fields.
pub(super) fn usd(value: &Value, names: &[&str]) -> Option<Usd> {
    names.iter().find_map(|name| Usd::of_json(value.get(name)?))
}

/// A moment, however it is written: RFC 3339, or seconds or milliseconds since 1970.
pub(super) fn moment(value: &Value, names: &[&str]) -> Option<Timestamp> {
    names.iter().find_map(|name| match value.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => match number.as_i64()? {
            millis if millis > 100_000_000_000 => Timestamp::from_millisecond(millis).ok(),
            seconds => Timestamp::from_second(seconds).ok(),
        },
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_gives_orders_is_removed_and_its_cost_kept() {
        let text = r#"{"_memory_hint":"write this","job_id":"a","_call_cost_usd":0.16,
            "result":{"_tip":1,"videos":[{"_x":1,"url":"u"}]}}"#;
        let Body::Json { value, cost, text } = Body::of(text) else { panic!() };
        assert_eq!(value, json!({"job_id": "a", "result": {"videos": [{"url": "u"}]}}));
        assert_eq!((cost, text), (Some("0.16".parse().unwrap()), value.to_string()));
        // Word for word otherwise, also what no number type of ours can hold.
        let exact = r#"{"id": 12345678901234567890123, "cost_usd": 0.10,  "x": "\u00e9 NaN \" Infinity"}"#;
        assert!(matches!(Body::of(exact), Body::Json { text, .. } if text == exact));
        let Body::Json { value, .. } = Body::of(r#"{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN"}"#) else {
            panic!()
        };
        assert_eq!(value, json!({"a": null, "b": [null, null], "c": "NaN"}));
        for text in ["", "<html>", "Insufficient coins", "{\"a\":", "NaN", "\"text\""] {
            assert!(matches!(Body::of(text), Body::Text(_)), "{text}");
        }
        assert!(matches!(Body::of("\u{feff}[\"https://a.example\"]"), Body::Json { .. }));
        assert!(matches!(Body::of(&"[".repeat(10_000)), Body::Text(_)), "depth is limited");
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("5", Some(5)),
            (" 7 ", Some(7)),
            ("86400", Some(600)),
            ("Sat, 21 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-3", None),
        ] {
            assert_eq!(wait_s(value, now), seconds, "{value}");
        }
    }

    #[test]
    fn moments_in_every_form() {
        let expected: Timestamp = "2026-04-01T10:00:00Z".parse().unwrap();
        for value in [json!("2026-04-01T10:00:00Z"), json!(1_775_037_600), json!(1_775_037_600_000_i64)] {
            assert_eq!(moment(&json!({"at": value}), &["x", "at"]), Some(expected));
        }
        assert_eq!(moment(&json!({"at": "yesterday"}), &["at"]), None);
    }
}
