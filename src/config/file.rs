//! The settings file `firstcut.toml`: found or not, read whole, every key known.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::routes::{self, Route};
use super::settings::SETTINGS;
use crate::error::{Error, Kind, Result};
use crate::redact;

/// A settings file is a few lines; anything larger is another file by mistake.
const MAX_BYTES: u64 = 256 * 1024;

/// What the file says, by key (`service`, `nemo.token`).
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The file, whether it exists or not.
    pub(super) path: PathBuf,
    /// One or several words per key; numbers and truths as they are written.
    pub(super) values: BTreeMap<&'static str, Vec<String>>,
    /// The routes, by name.
    pub(super) routes: BTreeMap<String, Route>,
}

/// Reads the file. One that does not exist says nothing.
pub(super) fn load(path: &Path) -> Result<Settings> {
    let Some(text) = read(path)? else {
        return Ok(Settings { path: path.to_owned(), ..Settings::default() });
    };
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
        // The full message of the parser would quote the line, and with it perhaps a token.
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        let place = if line == 0 { String::new() } else { format!(", line {line}") };
        broken(path, &format!("{place}: {}", redact::quote(error.message(), 200))).next(
            "Correct that line; a value that is text stands in quotation marks, as in service = \"nemo\".",
        )
    })?;
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    let routes = match table.remove("routes").map(|value| routes::read(&value)) {
        None => BTreeMap::new(),
        Some(Ok(routes)) => routes,
        Some(Err(wrong)) => {
            problems.extend(wrong);
            BTreeMap::new()
        }
    };
    flatten(&table, "", &mut values, &mut problems);
    if problems.is_empty() {
        Ok(Settings { path: path.to_owned(), values, routes })
    } else {
        Err(broken(path, &format!(": {}", problems.join(" ")))
            .next("Correct or remove it; README lists every key under Settings."))
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    let unreadable = |error: std::io::Error| {
        Error::new(Kind::Config, format!("The settings file {} cannot be read: {error}.", path.display()))
            .because(error)
            .next("Make it a text file that you may read, or remove it.")
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(broken(path, " is larger than 256 KiB.").next("Move it away and write a new one."));
    }
    Ok(Some(text))
}

fn broken(path: &Path, detail: &str) -> Error {
    Error::new(Kind::Config, format!("The settings file {}{detail}", path.display()))
}

fn flatten(
    table: &Table,
    prefix: &str,
    values: &mut BTreeMap<&'static str, Vec<String>>,
    problems: &mut Vec<String>,
) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        let known = SETTINGS.iter().filter_map(|setting| setting.key).find(|known| *known == key);
        match (known, value) {
            (Some(known), _) => match words(value) {
                Some(words) => drop(values.insert(known, words)),
                None => problems
                    .push(format!("{key} is neither text, a number, true or false nor a list of texts.")),
            },
            (None, Value::Table(inner)) if is_table(&key) => {
                flatten(inner, &format!("{key}."), values, problems)
            }
            (None, _) => problems.push(unknown(&key)),
        }
    }
}

fn is_table(key: &str) -> bool {
    SETTINGS
        .iter()
        .filter_map(|setting| setting.key)
        .any(|known| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Integer(number) => Some(vec![number.to_string()]),
        Value::Float(number) => Some(vec![number.to_string()]),
        Value::Boolean(truth) => Some(vec![truth.to_string()]),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn unknown(key: &str) -> String {
    let shown = redact::quote(key, 60);
    let nearest = SETTINGS
        .iter()
        .filter_map(|setting| Some((setting.key?, setting.name)))
        .map(|(known, name)| {
            // Somebody may have written the variable's name, or forgotten the table.
            let bare = known.rsplit('.').next().unwrap_or(known);
            let near = [known, bare, &name.to_lowercase()]
                .into_iter()
                .map(|spelling| strsim::normalized_damerau_levenshtein(&key.to_lowercase(), spelling))
                .fold(0.0, f64::max);
            (known, near)
        })
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match nearest {
        Some((known, near)) if near > 0.7 => format!("there is no setting {shown}; did you mean {known}?"),
        _ => format!("there is no setting {shown}."),
    }
}
