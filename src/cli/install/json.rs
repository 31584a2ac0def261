//! A client's JSON with its comments: one entry is put in or taken out, every other byte stays.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::Value;

use super::client::Extra;
use super::entry::{Change, Misread, NAME};

/// Comments and trailing commas, as VS Code writes them; what goes further is not JSON for anybody.
const LENIENT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// See [`Form::change`](super::client::Form::change).
pub(super) fn change(
    text: &str,
    servers: &str,
    change: &Change<'_>,
    extra: &[(&str, Extra)],
) -> Result<Option<String>, Misread> {
    let root = parse(text)?;
    let list = child(&top(&root)?, servers)?;
    let now = match &list {
        Some(list) => child(list, NAME)?,
        None => None,
    };
    match change {
        Change::Remove => {
            let Some(prop) = list.and_then(|list| list.get(NAME)) else { return Ok(None) };
            prop.remove();
        }
        Change::Put(entry) => {
            let said = now.as_ref().and_then(CstObject::to_serde_value);
            let said = said.as_ref().and_then(Value::as_object);
            let fields = entry.fields(said, extra);
            if said == Some(&fields) {
                return Ok(None);
            }
            match now {
                // Field by field, so that comments inside the entry stay, too.
                Some(object) => {
                    for (name, value) in &fields {
                        match object.get(name) {
                            Some(prop) if prop.to_serde_value().as_ref() == Some(value) => {}
                            Some(prop) => prop.set_value(input(value)),
                            None => drop(object.append(name, input(value))),
                        }
                    }
                }
                None => {
                    let list = top(&root)?.object_value_or_create(servers).ok_or_else(|| odd(servers))?;
                    list.append(NAME, input(&Value::Object(fields)));
                }
            }
        }
    }
    Ok(Some(root.to_string()))
}

/// What the file says about us; none when it does not know us.
pub(super) fn said(text: &str, servers: &str) -> Result<Option<Value>, Misread> {
    let Some(list) = child(&top(&parse(text)?)?, servers)? else { return Ok(None) };
    Ok(child(&list, NAME)?.and_then(|entry| entry.to_serde_value()))
}

fn parse(text: &str) -> Result<CstRootNode, Misread> {
    CstRootNode::parse(text, &LENIENT).map_err(|error| Misread(format!("it is not JSON ({error})")))
}

/// The object that the file is; an empty file becomes one.
fn top(root: &CstRootNode) -> Result<CstObject, Misread> {
    root.object_value_or_create().ok_or_else(|| Misread("it is JSON, but not an object".into()))
}

/// The object of that name. Clients take the last of two with one name, editors the first: nobody can be right.
fn child(object: &CstObject, name: &str) -> Result<Option<CstObject>, Misread> {
    let named = object.properties().into_iter().filter(|prop| prop.decoded_name().as_deref() == Some(name));
    match named.count() {
        0 => Ok(None),
        1 => object.object_value(name).map(Some).ok_or_else(|| odd(name)),
        _ => Err(Misread(format!("it names {name} twice"))),
    }
}

fn odd(name: &str) -> Misread {
    Misread(format!("{name} is there, but not an object"))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(yes) => CstInputValue::Bool(*yes),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => {
            CstInputValue::Object(fields.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}
