//! Codex' settings: one table is put in or taken out, every other byte stays.

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use super::entry::{Change, Misread, NAME};

/// The table of tables with the servers.
const SERVERS: &str = "mcp_servers";

/// See [`Form::change`](super::client::Form::change).
pub(super) fn change(text: &str, change: &Change<'_>) -> Result<Option<String>, Misread> {
    let mut document = parse(text)?;
    match change {
        Change::Remove => {
            let list = document.get_mut(SERVERS).and_then(Item::as_table_like_mut);
            if list.and_then(|list| list.remove(NAME)).is_none() {
                return Ok(None);
            }
        }
        Change::Put(entry) => {
            let list = document.entry(SERVERS).or_insert_with(|| {
                let mut table = Table::new();
                // No heading of its own, only those of the servers.
                table.set_implicit(true);
                Item::Table(table)
            });
            let list = list.as_table_like_mut().ok_or_else(|| odd(SERVERS))?;
            if !list.contains_key(NAME) {
                list.insert(NAME, Item::Table(Table::new()));
            }
            let table = list.get_mut(NAME).and_then(Item::as_table_like_mut).ok_or_else(|| odd(NAME))?;
            let said = said(table);
            let fields = entry.fields(Some(&said), &[]);
            if fields == said {
                return Ok(None);
            }
            for (name, field) in fields.iter().filter(|(name, field)| said.get(*name) != Some(*field)) {
                put(table, name, field);
            }
        }
    }
    Ok(Some(document.to_string()))
}

/// What the file says about us; none when it does not know us.
pub(super) fn entry(text: &str) -> Result<Option<Value>, Misread> {
    let document = parse(text)?;
    let entry = document.get(SERVERS).and_then(|list| list.get(NAME));
    Ok(entry.map(|entry| Value::Object(entry.as_table_like().map(said).unwrap_or_default())))
}

fn parse(text: &str) -> Result<DocumentMut, Misread> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let first = error.message().lines().next().unwrap_or_default().to_owned();
        Misread(format!("it is not TOML ({first})"))
    })
}

fn odd(name: &str) -> Misread {
    Misread(format!("{name} is there, but not a table"))
}

/// The fields of an entry that we may set, as they stand.
fn said(table: &dyn TableLike) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(program) = table.get("command").and_then(Item::as_str) {
        fields.insert("command".into(), program.into());
    }
    if let Some(args) = table.get("args").and_then(Item::as_array) {
        let words: Vec<Value> = args.iter().map(|word| word.as_str().unwrap_or_default().into()).collect();
        fields.insert("args".into(), words.into());
    }
    if let Some(env) = table.get("env").and_then(Item::as_table_like) {
        let words = env.iter().filter_map(|(name, word)| Some((name.to_owned(), word.as_str()?.into())));
        fields.insert("env".into(), Value::Object(words.collect()));
    }
    fields
}

fn put(table: &mut dyn TableLike, name: &str, field: &Value) {
    let item = match field {
        Value::Array(words) => value(words.iter().filter_map(Value::as_str).collect::<Array>()),
        Value::Object(words) => {
            // What else stands in the environment stays as it is written.
            if table.get(name).and_then(Item::as_table_like).is_none() {
                table.insert(name, Item::Table(Table::new()));
            }
            if let Some(inner) = table.get_mut(name).and_then(Item::as_table_like_mut) {
                for (name, word) in words {
                    if inner.get(name).and_then(Item::as_str) != word.as_str() {
                        put(inner, name, word);
                    }
                }
            }
            return;
        }
        other => value(other.as_str().unwrap_or_default()),
    };
    // In the place of an older one, with the space around it.
    match table.get_mut(name) {
        Some(old) => *old = item,
        None => drop(table.insert(name, item)),
    }
}
