//! Schemas that every client understands: what schemars writes, without what only Rust knows.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

/// Formats that JSON Schema itself names; all others (`uint32`, `double`) make validators complain.
const STANDARD_FORMATS: [&str; 6] = ["date", "date-time", "duration", "email", "uri", "uuid"];

/// What a tool takes. A field that may be left out is not nullable in the schema: some model interfaces refuse
/// unions of types.
pub(super) fn input<T: JsonSchema>() -> Arc<JsonObject> {
    let mut schema = written_by_schemars::<T>(Contract::Deserialize);
    // Some clients want the key even when there is nothing in it.
    schema.entry("properties").or_insert_with(|| json!({}));
    Arc::new(schema)
}

/// What a tool gives back; fields without a value are absent, never null.
pub(super) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    Arc::new(written_by_schemars::<T>(Contract::Serialize))
}

fn written_by_schemars<T: JsonSchema>(contract: Contract) -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.contract = contract);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    match schema {
        Value::Object(mut object) => {
            // The words of the type are for readers of the code; the tool has a description of its own.
            object.remove("description");
            object
        }
        _ => JsonObject::new(),
    }
}

/// Cleans one schema and those inside it.
fn tidy(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    object.remove("$schema");
    object.remove("title");
    if object.get("format").and_then(Value::as_str).is_some_and(|format| !STANDARD_FORMATS.contains(&format))
    {
        object.remove("format");
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    forget_null(object);
    for (key, value) in object.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => named.values_mut().for_each(tidy),
            ("items" | "additionalProperties", inner) => tidy(inner),
            ("anyOf" | "oneOf" | "allOf", Value::Array(several)) => several.iter_mut().for_each(tidy),
            _ => {}
        }
    }
}

/// `["string", "null"]` becomes `"string"`, and `anyOf [X, null]` becomes X.
fn forget_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(several)) = object.get_mut("anyOf") {
        several.retain(|one| one != &json!({"type": "null"}));
        if let [Value::Object(only)] = several.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema, serde::Deserialize, serde::Serialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sample {
        /// A title of the user's.
        title: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<f64>,
    }

    #[derive(JsonSchema, serde::Deserialize, serde::Serialize)]
    struct Inner {
        length: f64,
    }

    #[test]
    fn only_portable_words_remain() {
        let schema = Value::Object(input::<Sample>().as_ref().clone());
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "title": {"description": "A title of the user's.", "type": "string"},
                    "count": {"type": "integer", "minimum": 0},
                    "inner": {"$ref": "#/$defs/Inner"},
                    "list": {"type": "array", "items": {"type": "number"}, "default": []},
                },
                "additionalProperties": false,
                "required": ["title"],
                "$defs": {"Inner": {"type": "object", "properties": {"length": {"type": "number"}}, "required": ["length"]}},
            })
        );
        let text = Value::Object(output::<Sample>().as_ref().clone()).to_string();
        for word in ["null", "uint32", "double", "$schema"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}
