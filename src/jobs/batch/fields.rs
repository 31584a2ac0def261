//! The fields of a line: what they are called, what may stand in them, and what was probably meant.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::model::batch::Wish;
use crate::redact;

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Number,
    Truth,
    /// Several words; in a table with `|`, `;`, `,` or blanks between.
    Words,
    /// Several paths; in a table with `|` or `;` between.
    Paths,
}

/// Every field, its form, and what else it may be called.
const FIELDS: [(&str, Form, &[&str]); 21] = [
    ("prompt", Form::Text, &[]),
    ("key", Form::Text, &["id"]),
    ("model", Form::Text, &[]),
    ("route", Form::Text, &[]),
    ("seconds", Form::Number, &["duration", "duration_seconds"]),
    ("aspect", Form::Text, &["aspect_ratio"]),
    ("resolution", Form::Text, &[]),
    ("negative_prompt", Form::Text, &[]),
    ("image", Form::Text, &[]),
    ("last_frame", Form::Text, &[]),
    ("reference_images", Form::Paths, &[]),
    ("audio", Form::Truth, &["generate_audio"]),
    ("max_cost_usd", Form::Number, &[]),
    ("output", Form::Text, &["output_path"]),
    ("channels", Form::Words, &["channel"]),
    ("caption", Form::Text, &[]),
    ("when", Form::Text, &["post_at"]),
    ("scheduler", Form::Text, &[]),
    ("deliver", Form::Text, &[]),
    ("not_before", Form::Text, &["not-before"]),
    ("enhance", Form::Truth, &[]),
];

fn field(name: &str) -> Option<(&'static str, Form)> {
    let name = name.trim();
    FIELDS
        .iter()
        .find(|(known, _, others)| *known == name || others.contains(&name))
        .map(|(known, form, _)| (*known, *form))
}

/// Whether a line may have this field.
pub(super) fn is_known(name: &str) -> bool {
    field(&name.to_lowercase()).is_some()
}

/// Says what was probably meant. The error is about the whole file where the field is a column.
pub(super) fn unknown(name: &str) -> (Error, String) {
    let shown = redact::quote(name, 40);
    let lower = name.to_lowercase();
    let nearest = FIELDS
        .iter()
        .map(|(known, ..)| (*known, strsim::normalized_damerau_levenshtein(known, &lower)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, likeness)| *likeness > 0.5);
    let names: Vec<_> = FIELDS.iter().map(|(known, ..)| *known).collect();
    let step = match nearest {
        Some((known, _)) => format!("probably {known} is meant"),
        None => format!("there are {}", names.join(", ")),
    };
    (
        Error::invalid(format!("There is no field \"{shown}\". Nothing was sent.")).next(format!("{step}.")),
        format!("there is no field \"{shown}\"; {step}"),
    )
}

/// The wish that the fields of a line make.
pub(super) fn wish(object: Map<String, Value>) -> Result<Wish> {
    let mut tidy = Map::new();
    for (name, value) in object {
        let Some((known, form)) = field(&name) else {
            return Err(Error::invalid(unknown(&name).1).next("Correct the name, or take the field out."));
        };
        if value.is_null() {
            continue;
        }
        let value = in_form(known, form, value)?;
        if tidy.insert(known.to_owned(), value).is_some() {
            return Err(Error::invalid(format!("it says {known} twice")).next("Keep one of them."));
        }
    }
    if tidy.get("prompt").and_then(Value::as_str).is_none_or(|prompt| prompt.trim().is_empty()) {
        return Err(Error::invalid("it has no prompt")
            .next("Say in a sentence what shall be seen: {\"prompt\": \"…\"}."));
    }
    serde_json::from_value(Value::Object(tidy))
        .map_err(|error| Error::internal("A line that was checked cannot be read.").because(error))
}

fn in_form(name: &str, form: Form, value: Value) -> Result<Value> {
    let wrong = |what: &str, step: String| {
        let shown = redact::quote(&value.to_string(), 40);
        Err(Error::invalid(format!("its {name} is {shown}, which is no {what}")).next(step))
    };
    match (form, &value) {
        (Form::Text, Value::String(text)) => Ok(Value::String(text.trim().to_owned())),
        // A key may look like a number.
        (Form::Text, Value::Number(number)) if name == "key" => Ok(Value::String(number.to_string())),
        (Form::Text, _) => wrong("text", "Put it into quotation marks.".to_owned()),
        (Form::Number, Value::Number(_)) => Ok(value),
        (Form::Number, Value::String(text)) => {
            let number = text.trim().trim_start_matches('$').replace(',', ".").parse::<f64>().ok();
            match number.filter(|number| number.is_finite()).and_then(serde_json::Number::from_f64) {
                Some(number) => Ok(Value::Number(number)),
                None => wrong("number", "Give a number, such as 8.".to_owned()),
            }
        }
        (Form::Number, _) => wrong("number", "Give a number, such as 8.".to_owned()),
        (Form::Truth, Value::Bool(_)) => Ok(value),
        (Form::Truth, Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" | "on" => Ok(Value::Bool(true)),
            "false" | "no" | "0" | "off" => Ok(Value::Bool(false)),
            _ => wrong("yes or no", "Write true or false.".to_owned()),
        },
        (Form::Truth, _) => wrong("yes or no", "Write true or false.".to_owned()),
        (Form::Words | Form::Paths, Value::Array(items)) => {
            match items.iter().map(|item| item.as_str().map(str::trim)).collect::<Option<Vec<_>>>() {
                Some(items) => Ok(items.into_iter().filter(|item| !item.is_empty()).collect()),
                None => wrong("list of texts", format!("Write {name} as [\"a\", \"b\"].")),
            }
        }
        (Form::Words, Value::String(text)) => Ok(parts(text, &['|', ';', ',', ' ', '\t'])),
        (Form::Paths, Value::String(text)) => Ok(parts(text, &['|', ';'])),
        (Form::Words | Form::Paths, _) => wrong("list of texts", format!("Write {name} as [\"a\", \"b\"].")),
    }
}

fn parts(text: &str, dividers: &[char]) -> Value {
    text.split(dividers).map(str::trim).filter(|part| !part.is_empty()).collect()
}
