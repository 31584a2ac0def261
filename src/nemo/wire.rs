//! Tolerant shapes: objects whose keys may be missing, doubled or of another type, and the three envelopes of a reply.
//!
//! Values stay raw text until somebody asks, so that 64-bit numbers and a whole draft pass through unchanged.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The fields of a JSON object, unread.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Reads an object; anything else gives nothing.
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    /// The raw value; `null` counts as missing.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|value| value.get() != "null")
    }

    /// A string, or a number as it was written (a session id may come as one, above 2^53).
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text(self.raw(name)?)
    }

    /// A number, also when it was sent as a string.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        number(self.raw(name)?)
    }

    /// Whether a flag is set, in any spelling.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name).or_else(|| self.raw(name).map(|raw| raw.get().to_owned()))?.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// The object in this field.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::parse(self.raw(name)?.get())
    }

    /// The elements of the list in this field; none if there is no list.
    pub(super) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.raw(name).map(list).unwrap_or_default()
    }

    /// The names of all fields, in alphabetical order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}

/// A string, or a number as it was written.
pub(super) fn text(value: &RawValue) -> Option<String> {
    let json = value.get();
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

/// A finite number, also when it was sent as a string.
pub(super) fn number(value: &RawValue) -> Option<f64> {
    text(value)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The elements of a list; none if it is something else.
pub(super) fn list(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// The content of a successful reply.
#[derive(Debug)]
pub(super) struct Payload<'a> {
    /// The object that holds the answer: `data`, or the whole reply.
    inner: Fields<'a>,
    /// The whole reply.
    outer: Fields<'a>,
    /// The answer as it was written.
    pub(super) raw: &'a str,
}

impl<'a> Payload<'a> {
    /// The raw field, looked for in the answer and then at the top.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.inner.raw(name).or_else(|| self.outer.raw(name))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(text).filter(|text| !text.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.raw(name).and_then(number)
    }

    pub(super) fn object(&self, name: &str) -> Option<Fields<'a>> {
        Fields::parse(self.raw(name)?.get())
    }

    pub(super) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        self.raw(name).map(list).unwrap_or_default()
    }
}

/// What the service said instead of doing what it was asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) http: u16,
    /// The code in the body: it is preferred to the status.
    pub(super) code: Option<i64>,
    /// The service's words; may be empty.
    pub(super) words: String,
    /// The body was no JSON object at all.
    pub(super) foreign: bool,
}

impl Refusal {
    /// The code in the body, else the status.
    pub(super) fn code(&self) -> i64 {
        self.code.unwrap_or_else(|| i64::from(self.http))
    }
}

/// Opens the envelope: `{"code":0,"data":…}`, `{"success":true,"data":…}` or the bare object.
pub(super) fn open(http: u16, body: &str) -> Result<Payload<'_>, Refusal> {
    let failed = http >= 400;
    if body.trim().is_empty() && (200..300).contains(&http) {
        // Nothing to say is no failure; whoever needs a field will miss it.
        return Ok(Payload { inner: Fields::default(), outer: Fields::default(), raw: "{}" });
    }
    let Some(outer) = Fields::parse(body) else {
        let words = if failed { body.chars().take(300).collect() } else { String::new() };
        return Err(Refusal { http, code: None, words, foreign: true });
    };
    let refuse = |code| Err(Refusal { http, code, words: words(&outer), foreign: false });
    let code = outer.raw("code").and_then(text);
    let number = code.as_deref().and_then(|code| code.trim().parse::<i64>().ok());
    match (&code, number) {
        (Some(_), Some(0)) if failed => return refuse(None),
        (Some(_), Some(0)) | (None, _) => {}
        (Some(_), number) => return refuse(number),
    }
    if failed || outer.flag("success") == Some(false) {
        return refuse(None);
    }
    let enveloped = code.is_some() || outer.raw("success").is_some();
    let data = if enveloped { outer.raw("data") } else { None };
    Ok(match data.and_then(|data| Some((data, Fields::parse(data.get())?))) {
        Some((data, inner)) => Payload { inner, outer, raw: data.get() },
        None => Payload { inner: outer.clone(), outer, raw: body },
    })
}

/// The words of an error reply, wherever they are: `message`, `msg`, `error`, `detail`.
fn words(reply: &Fields<'_>) -> String {
    for name in ["message", "msg", "error", "detail", "errorMessage"] {
        let Some(value) = reply.raw(name) else { continue };
        if let Some(words) = text(value).filter(|words| !words.trim().is_empty()) {
            return words;
        }
        if let Some(inner) = Fields::parse(value.get()) {
            let inner = words(&inner);
            if !inner.is_empty() {
                return inner;
            }
        }
        // FastAPI lists what is wrong with each field.
        let details: Vec<_> = list(value)
            .into_iter()
            .filter_map(|item| {
                let item = Fields::parse(item.get())?;
                let place = item.list("loc").into_iter().filter_map(text).collect::<Vec<_>>().join(".");
                Some(format!("{place}: {}", item.text("msg")?))
            })
            .collect();
        if !details.is_empty() {
            return details.join("; ");
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_envelopes_and_their_lies() {
        for (http, body, expected) in [
            (200, r#"{"code":0,"data":{"token":"t"}}"#, Ok("t")),
            (200, r#"{"code":"0","data":{"token":"t"}}"#, Ok("t")),
            (200, r#"{"code":0,"token":"t","data":null}"#, Ok("t")),
            (200, r#"{"success":true,"data":{"token":"t"}}"#, Ok("t")),
            (200, r#"{"success":true,"token":"t"}"#, Ok("t")),
            (201, r#"{"token":"t"}"#, Ok("t")),
            (200, r#"{"token":5529798706024415232}"#, Ok("5529798706024415232")),
            (200, r#"{"token":"a","token":"t"}"#, Ok("t")),
            (200, r#"{"code":1001,"message":"bad"}"#, Err((1001, "bad"))),
            (200, r#"{"code":"1001","msg":"bad"}"#, Err((1001, "bad"))),
            (401, r#"{"code":1001,"message":"bad"}"#, Err((1001, "bad"))),
            (500, r#"{"code":2001,"message":""}"#, Err((2001, ""))),
            (500, r#"{"code":0,"message":"odd"}"#, Err((500, "odd"))),
            (200, r#"{"code":"SESSION_GONE","message":"odd"}"#, Err((200, "odd"))),
            (200, r#"{"success":false,"error":"duplicate id"}"#, Err((200, "duplicate id"))),
            (200, r#"{"success":"false","error":{"message":"m"}}"#, Err((200, "m"))),
            (404, r#"{"detail":"Session not found: nope"}"#, Err((404, "Session not found: nope"))),
            (
                422,
                r#"{"detail":[{"type":"missing","loc":["body","sessionId"],"msg":"Field required","input":{}}]}"#,
                Err((422, "body.sessionId: Field required")),
            ),
            (502, "<html>Bad gateway</html>", Err((502, "<html>Bad gateway</html>"))),
            (200, "<html>Log in</html>", Err((200, ""))),
            (200, "[]", Err((200, ""))),
            (302, "", Err((302, ""))),
        ] {
            let opened = open(http, body);
            let seen = match &opened {
                Ok(payload) => Ok(payload.text("token").unwrap()),
                Err(refusal) => Err((refusal.code(), refusal.words.as_str())),
            };
            assert_eq!(seen, expected.map(ToOwned::to_owned), "{http} {body}");
        }
    }

    #[test]
    fn values_in_every_costume() {
        let json = r#"{"a":"5","b":5.5,"c":null,"d":true,"e":"true","f":[1,"x"],"g":"nan","h":1e999}"#;
        let fields = Fields::parse(json).unwrap();
        assert_eq!(fields.number("a"), Some(5.0));
        assert_eq!(fields.number("b"), Some(5.5));
        assert_eq!((fields.text("c"), fields.number("g"), fields.number("h")), (None, None, None));
        assert_eq!((fields.flag("d"), fields.flag("e"), fields.flag("a")), (Some(true), Some(true), None));
        assert_eq!(fields.list("f").len(), 2);
        assert_eq!(fields.list("a").len(), 0);
        assert_eq!(open(204, " ").unwrap().text("token"), None);
    }
}
