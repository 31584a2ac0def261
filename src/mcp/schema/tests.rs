//! Writes the schemas, and says whether they are those of our types. They are made so that every client understands them:
//! what schemars makes, without what only Rust knows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

/// Formats that JSON Schema itself names; all others (`uint32`, `double`) make validators complain.
const STANDARD_FORMATS: [&str; 6] = ["date", "date-time", "duration", "email", "uri", "uuid"];

/// What the tools asked for, by the name of the type.
static NOTED: Mutex<BTreeMap<String, JsonObject>> = Mutex::new(BTreeMap::new());

pub(super) fn note_input<T: JsonSchema>() {
    note::<T>(input::<T>());
}

pub(super) fn note_output<T: JsonSchema>() {
    note::<T>(written_by_schemars::<T>(Contract::Serialize));
}

fn note<T: JsonSchema>(schema: JsonObject) {
    let name = T::schema_name().into_owned();
    let before = NOTED.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), schema.clone());
    assert!(
        before.is_none_or(|before| before == schema),
        "two types are called {name}, or one is taken and given"
    );
}

fn input<T: JsonSchema>() -> JsonObject {
    let mut schema = written_by_schemars::<T>(Contract::Deserialize);
    // Some clients want the key even when there is nothing in it.
    schema.entry("properties").or_insert_with(|| json!({}));
    schema
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
fn schemas_are_written() {
    crate::mcp::tools::router();
    let noted = NOTED.lock().unwrap().clone();
    let anew = serde_json::to_string_pretty(&noted).unwrap() + "\n";
    if std::env::var_os("FIRSTCUT_WRITE_SCHEMAS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mcp/schema/written.json");
        std::fs::write(file, anew).unwrap();
        return;
    }
    let written: BTreeMap<String, JsonObject> = serde_json::from_str(super::WRITTEN).unwrap();
    for (name, schema) in &noted {
        let says = "is not as the type says: FIRSTCUT_WRITE_SCHEMAS=1 cargo test schemas_are_written";
        assert_eq!(written.get(name), Some(schema), "written.json: {name} {says}");
    }
    // Models read the fields in their order.
    assert!(
        anew == super::WRITTEN.replace("\r\n", "\n"),
        "written.json: a schema too many, or in another order"
    );
}

#[test]
fn only_portable_words_remain() {
    let schema = Value::Object(input::<Sample>());
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
    let text = Value::Object(written_by_schemars::<Sample>(Contract::Serialize)).to_string();
    for word in ["null", "uint32", "double", "$schema"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}
