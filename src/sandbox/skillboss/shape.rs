//! Where the link to a result hides: public clients look for it in a dozen places.

use serde_json::{Map, Value, json};

/// JSON with this value at a path of keys: `outputs[].url` is `{"outputs":[{"url":…}]}`, `[]` a bare list.
pub(super) fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, step| {
        let (key, list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        let inner = if list { Value::Array(vec![inner]) } else { inner };
        if key.is_empty() { inner } else { json!({ key: inner }) }
    })
}

/// Lays the fields of one object over another's; anything else takes its place.
pub(super) fn over(base: &mut Value, with: Value) {
    match (base, with) {
        (Value::Object(base), Value::Object(with)) => base.extend(with),
        (base, with) => *base = with,
    }
}

/// An object with these fields.
pub(super) fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::at;

    #[test]
    fn places() {
        for (path, want) in [
            ("outputs[].url", json!({ "outputs": [{ "url": "u" }] })),
            ("output.video_url", json!({ "output": { "video_url": "u" } })),
            ("generatedSamples[].video.uri", json!({ "generatedSamples": [{ "video": { "uri": "u" } }] })),
            ("data[]", json!({ "data": ["u"] })),
            ("[]", json!(["u"])),
            ("video", json!({ "video": "u" })),
        ] {
            assert_eq!(at(path, json!("u")), want, "{path}");
        }
    }
}
