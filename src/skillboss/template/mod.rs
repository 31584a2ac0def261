//! Template updates: a new name or definition for a Shotstack template, checked here, because every request is billed
//! (SkillBoss wholesale API page, `shotstack/template-update`; Shotstack's edit format).

use serde_json::{Map, Value, json};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::redact;

/// The model that does it.
pub const MODEL: &str = "shotstack/template-update";
/// The largest definition.
pub const MAX_DEFINITION_BYTES: usize = 2 * 1024 * 1024;
/// The longest name.
pub const MAX_NAME_CHARS: usize = 200;
/// The most problems that are told at once.
const MOST_PROBLEMS: usize = 10;
/// How deep a definition may be nested.
const MAX_DEPTH: usize = 48;

const FORMATS: [&str; 6] = ["mp4", "gif", "mp3", "jpg", "png", "bmp"];
const RESOLUTIONS: [&str; 6] = ["preview", "mobile", "sd", "hd", "1080", "4k"];
const ASPECTS: [&str; 5] = ["16:9", "9:16", "1:1", "4:5", "4:3"];

/// A checked update.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateUpdate {
    id: String,
    name: Option<String>,
    definition: Option<Value>,
}

impl TemplateUpdate {
    /// Checks an update of the template `id`: its new `name`, its new `definition` (`timeline` and `output`), or both.
    ///
    /// The vendor saves a *blank* template when the definition is left out, so that a change of the name alone, or a
    /// definition without any clip, is refused unless `may_blank`.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] naming everything that is wrong with its place, [`Kind::FileTooLarge`] over 2 MiB.
    pub fn new(id: &str, name: Option<&str>, definition: Option<Value>, may_blank: bool) -> Result<Self> {
        let id = id.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=64).contains(&id.len()) || !id.bytes().all(plain) {
            return Err(Error::invalid(format!("\"{}\" is no id of a template.", redact::label(id))).next(
                "Copy the id from the template's page; it looks like f5493c17-d01f-445c-bb49-535fae65f219.",
            ));
        }
        let name = name.map(str::trim).map(checked_name).transpose()?;
        let definition = definition.map(unwrapped);
        match &definition {
            None if name.is_none() => {
                return Err(
                    Error::invalid("There is nothing to change.").next("Give a name, a definition, or both.")
                );
            }
            None if !may_blank => {
                return Err(Error::invalid("Without a definition the update would save a blank template under the name.")
                    .next("Give the definition (timeline and output) as well, or ask for a blank template explicitly."));
            }
            None => {}
            Some(definition) => check(definition, may_blank)?,
        }
        Ok(Self { id: id.to_owned(), name, definition })
    }

    /// The template.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the template will have no clip afterwards.
    #[must_use]
    pub fn blanks(&self) -> bool {
        self.definition.as_ref().is_none_or(|definition| clips(definition) == 0)
    }

    /// The object to send: Shotstack's own fields, and the prompt that the page requires of every model.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let mut inputs = Map::new();
        let prompt = self.name.clone().unwrap_or_else(|| format!("Update of template {}", self.id));
        inputs.insert("prompt".to_owned(), json!(prompt));
        inputs.insert("id".to_owned(), json!(self.id));
        if let Some(name) = &self.name {
            inputs.insert("name".to_owned(), json!(name));
        }
        if let Some(definition) = &self.definition {
            inputs.insert("template".to_owned(), definition.clone());
        }
        inputs
    }
}

fn checked_name(name: &str) -> Result<String> {
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "A template's name has 1 to {MAX_NAME_CHARS} characters in one line."
        )));
    }
    Ok(name.to_owned())
}

/// A file may hold the definition itself, or a whole template with it inside.
fn unwrapped(mut definition: Value) -> Value {
    match definition.get_mut("template") {
        Some(inner @ Value::Object(_)) => inner.take(),
        _ => definition,
    }
}

fn check(definition: &Value, may_blank: bool) -> Result<()> {
    if definition.to_string().len() > MAX_DEFINITION_BYTES {
        return Err(Error::new(Kind::FileTooLarge, "The definition is larger than 2 MiB.")
            .next("Refer to media by address instead of putting them into the definition."));
    }
    let mut problems = Problems::default();
    problems.definition(definition);
    if let Some(error) = problems.into_error() {
        return Err(error);
    }
    if clips(definition) == 0 && !may_blank {
        return Err(Error::invalid("The definition has no clip: the update would blank the template.")
            .next("Add clips to timeline.tracks, or ask for a blank template explicitly."));
    }
    Ok(())
}

fn clips(definition: &Value) -> usize {
    let tracks = definition.pointer("/timeline/tracks").and_then(Value::as_array);
    tracks.into_iter().flatten().filter_map(|track| track.get("clips")?.as_array()).map(Vec::len).sum()
}

/// A placeholder such as `{{TITLE}}` may stand for any value.
fn is_merge_field(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().starts_with("{{") && text.trim().ends_with("}}"))
}

/// Everything that is wrong, each with its place as a JSON pointer.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, place: &str, what: &str) {
        self.0.push(format!("{} {what}", if place.is_empty() { "the definition" } else { place }));
    }

    fn definition(&mut self, definition: &Value) {
        if !definition.is_object() {
            return self.add("", "is no JSON object with timeline and output");
        }
        if depth(definition, MAX_DEPTH).is_none() {
            return self.add("", "is nested too deeply");
        }
        match definition.get("timeline") {
            Some(timeline @ Value::Object(_)) => self.timeline(timeline),
            Some(value) if is_merge_field(value) => {}
            Some(_) => self.add("/timeline", "is no object"),
            None => self.add("/timeline", "is missing"),
        }
        match definition.get("output") {
            Some(output @ Value::Object(_)) => self.output(output),
            Some(value) if is_merge_field(value) => {}
            Some(_) => self.add("/output", "is no object"),
            None => self.add("/output", "is missing"),
        }
        if let Some(callback) = definition.get("callback") {
            self.address("/callback", callback, &["https"]);
        }
        if let Some(merge) = definition.get("merge") {
            self.merge(merge);
        }
    }

    fn timeline(&mut self, timeline: &Value) {
        let tracks = match timeline.get("tracks") {
            Some(Value::Array(tracks)) => tracks,
            Some(value) if is_merge_field(value) => return,
            Some(_) => return self.add("/timeline/tracks", "is no list"),
            None => return self.add("/timeline/tracks", "is missing"),
        };
        if let Some(source) = timeline.pointer("/soundtrack/src") {
            self.address("/timeline/soundtrack/src", source, &["https", "http"]);
        }
        for (number, track) in tracks.iter().enumerate() {
            let place = format!("/timeline/tracks/{number}");
            match track.get("clips") {
                Some(Value::Array(clips)) => {
                    for (number, clip) in clips.iter().enumerate() {
                        self.clip(&format!("{place}/clips/{number}"), clip);
                    }
                }
                _ if is_merge_field(track) || track.get("clips").is_some_and(is_merge_field) => {}
                _ => self.add(&format!("{place}/clips"), "is no list"),
            }
        }
    }

    fn clip(&mut self, place: &str, clip: &Value) {
        if is_merge_field(clip) {
            return;
        }
        match clip.get("asset") {
            Some(asset @ Value::Object(_)) => {
                let kind = asset.get("type").and_then(Value::as_str).unwrap_or_default();
                if kind.is_empty() {
                    self.add(&format!("{place}/asset/type"), "is missing");
                }
                match asset.get("src") {
                    Some(source) => self.address(&format!("{place}/asset/src"), source, &["https", "http"]),
                    None if matches!(kind, "video" | "image" | "audio" | "luma") => {
                        self.add(&format!("{place}/asset/src"), "is missing");
                    }
                    None => {}
                }
            }
            Some(value) if is_merge_field(value) => {}
            _ => self.add(&format!("{place}/asset"), "is missing or no object"),
        }
        for (name, words) in [("start", &["auto"][..]), ("length", &["auto", "end"][..])] {
            let good = clip.get(name).is_none_or(|value| {
                value.as_f64().is_some_and(|seconds| seconds >= 0.0)
                    || value
                        .as_str()
                        .is_some_and(|text| words.contains(&text) || text.starts_with("alias://"))
                    || is_merge_field(value)
            });
            if !good {
                self.add(
                    &format!("{place}/{name}"),
                    &format!("is neither seconds nor {}", words.join(" nor ")),
                );
            }
        }
    }

    fn output(&mut self, output: &Value) {
        if output.get("format").is_none() {
            self.add("/output/format", "is missing");
        }
        for (name, known) in
            [("format", &FORMATS[..]), ("resolution", &RESOLUTIONS[..]), ("aspectRatio", &ASPECTS[..])]
        {
            let good = output.get(name).is_none_or(|value| {
                value.as_str().is_some_and(|text| known.contains(&text)) || is_merge_field(value)
            });
            if !good {
                self.add(&format!("/output/{name}"), &format!("is none of {}", known.join(", ")));
            }
        }
        if let Some(fps) = output.get("fps") {
            let good = fps.as_f64().is_some_and(|fps| (1.0..=120.0).contains(&fps)) || is_merge_field(fps);
            if !good {
                self.add("/output/fps", "is no number of pictures per second");
            }
        }
        for side in ["width", "height"] {
            let Some(length) = output.pointer(&format!("/size/{side}")) else { continue };
            if !(length.as_u64().is_some_and(|pixels| (1..=4096).contains(&pixels)) || is_merge_field(length))
            {
                self.add(&format!("/output/size/{side}"), "is no number of pixels up to 4096");
            }
        }
    }

    fn merge(&mut self, merge: &Value) {
        let Some(fields) = merge.as_array() else { return self.add("/merge", "is no list") };
        for (number, field) in fields.iter().enumerate() {
            if field.get("find").and_then(Value::as_str).is_none_or(str::is_empty)
                || field.get("replace").is_none()
            {
                self.add(&format!("/merge/{number}"), "has no find and replace");
            }
        }
    }

    /// The service fetches these, so that a path on this machine means nothing there.
    fn address(&mut self, place: &str, value: &Value, schemes: &[&str]) {
        let Some(text) = value.as_str() else { return self.add(place, "is no text") };
        let holds_merge_field = text.contains("{{");
        let good = Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host());
        if !good && !holds_merge_field {
            self.add(place, &format!("is no {} address", schemes.join(" or ")));
        }
    }

    fn into_error(self) -> Option<Error> {
        let (shown, more) = (self.0.iter().take(MOST_PROBLEMS), self.0.len().saturating_sub(MOST_PROBLEMS));
        let mut shown: Vec<String> = shown.cloned().collect();
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        (!shown.is_empty()).then(|| {
            Error::invalid(format!("The definition cannot be used: {}.", shown.join("; ")))
                .next("Correct these places; nothing was sent and nothing was paid.")
        })
    }
}

/// How deep a value is nested, unless deeper than that.
fn depth(value: &Value, most: usize) -> Option<usize> {
    let inner = match value {
        Value::Array(items) => {
            items.iter().map(|item| depth(item, most.checked_sub(1)?)).collect::<Option<Vec<_>>>()
        }
        Value::Object(fields) => {
            fields.values().map(|field| depth(field, most.checked_sub(1)?)).collect::<Option<Vec<_>>>()
        }
        _ => return Some(0),
    };
    Some(1 + inner?.into_iter().max().unwrap_or(0))
}

#[cfg(test)]
mod tests;
