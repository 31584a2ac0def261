//! The draft, read: which picture, sound and words are wanted when.
//!
//! Keys are those of the emulator's reference draft; spellings that other writers of drafts may use are understood too.

use serde_json::Value;

use super::caption::Place;
use super::{Error, MAX_DURATION_MS};

/// A draft as the compositor needs it. All times are milliseconds from the start.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) duration_ms: u64,
    pub(super) title: String,
    /// Picture tracks from back to front.
    pub(super) pictures: Vec<Vec<Segment>>,
    pub(super) sounds: Vec<Segment>,
    pub(super) texts: Vec<Segment>,
}

/// One piece of a track.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) title: String,
    pub(super) prompt: Option<String>,
    pub(super) text: Option<String>,
    /// Where its file may be, best guess first.
    pub(super) sources: Vec<String>,
    /// Loudness as a factor.
    pub(super) volume: f32,
    /// From black or silence at its beginning.
    pub(super) fade_in_ms: u64,
    /// To black or silence at its end.
    pub(super) fade_out_ms: u64,
    /// Where in its file it starts.
    pub(super) source_in_ms: u64,
    /// How fast its file plays: 2 is twice as fast.
    pub(super) speed: f32,
    pub(super) place: Option<Place>,
    /// Colour of a text, as a web colour.
    pub(super) colour: Option<u32>,
    /// Width of an overlay as a share of the canvas.
    pub(super) scale: Option<f32>,
}

/// Most tracks and segments that are drawn; more is a mistake or an attack.
const MAX_SEGMENTS: usize = 2_000;

impl Timeline {
    /// Reads a draft. Tracks of unknown types and segments without length are left out.
    pub(super) fn of(draft: &Value) -> Result<Self, Error> {
        let tracks = draft.get("t").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut timeline = Self {
            duration_ms: 0,
            title: words(draft, &["m.title", "title"]).unwrap_or_default(),
            pictures: Vec::new(),
            sounds: Vec::new(),
            texts: Vec::new(),
        };
        let mut count = 0;
        for track in tracks {
            let segments = segments(track)?;
            count += segments.len();
            match number(track, &["tt"]) {
                _ if segments.is_empty() => {}
                Some(0.0) => timeline.pictures.push(segments),
                Some(1.0) => timeline.sounds.extend(segments),
                Some(7.0) => timeline.texts.extend(segments),
                _ => {}
            }
        }
        if count > MAX_SEGMENTS {
            return Err(Error::Request(format!(
                "the draft has {count} segments; at most {MAX_SEGMENTS} are rendered"
            )));
        }
        let ends = timeline.pictures.iter().flatten().chain(&timeline.sounds).chain(&timeline.texts);
        let last = ends.map(|segment| segment.end_ms).max().unwrap_or(0);
        if last == 0 {
            return Err(Error::Request("the draft has no video, audio or text segment to render".into()));
        }
        timeline.duration_ms = number(draft, &["d", "duration", "m.duration"]).map_or(0, whole);
        if timeline.duration_ms == 0 {
            timeline.duration_ms = last;
        }
        if timeline.duration_ms > MAX_DURATION_MS {
            return Err(Error::Request(format!(
                "the draft lasts {} s; the sandbox renders at most {} s",
                timeline.duration_ms / 1000,
                MAX_DURATION_MS / 1000
            )));
        }
        Ok(timeline)
    }
}

fn segments(track: &Value) -> Result<Vec<Segment>, Error> {
    let list = track.get("sg").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut segments = Vec::new();
    let mut previous_end = 0;
    for value in list {
        let start = number(value, &["s", "st", "start", "startTime", "start_time", "m.start", "m.start_ms"]);
        let start_ms = start.map_or(previous_end, whole);
        let end = number(value, &["e", "end", "endTime", "end_time", "m.end"]).map_or(start_ms, whole);
        let length =
            number(value, &["d", "duration", "m.duration"]).map_or(end.saturating_sub(start_ms), whole);
        let end_ms = start_ms.saturating_add(length);
        previous_end = end_ms;
        if length == 0 {
            continue;
        }
        segments.push(Segment::of(value, start_ms, end_ms)?);
    }
    Ok(segments)
}

impl Segment {
    fn of(value: &Value, start_ms: u64, end_ms: u64) -> Result<Self, Error> {
        let keys =
            ["m.src", "m.url", "m.cdn_url", "m.path", "src", "url", "u", "cdn_url", "m.file", "m.s3_key"];
        let sources: Vec<String> = keys.iter().filter_map(|key| words(value, &[key])).collect();
        let volume = number(value, &["m.volume", "v", "vol", "volume"]).unwrap_or(1.0);
        let silent =
            ["m.mute", "m.muted", "mute"].iter().any(|key| find(value, key) == Some(&Value::Bool(true)));
        let speed = number(value, &["m.speed", "speed"]).unwrap_or(1.0) as f32;
        if !(0.1..=16.0).contains(&speed) {
            return Err(Error::Request(format!(
                "a segment plays at speed {speed}; from 0.1 to 16 can be rendered"
            )));
        }
        Ok(Self {
            start_ms,
            end_ms,
            title: words(value, &["m.title", "m.name", "n", "name", "title"]).unwrap_or_default(),
            prompt: words(value, &["m.prompt", "prompt"]),
            text: words(value, &["m.text", "m.content", "text", "content", "c", "m.title"]),
            sources,
            // Up to 2 is a factor, more is percent.
            volume: if silent {
                0.0
            } else {
                if volume <= 2.0 { volume } else { volume / 100.0 }.clamp(0.0, 4.0) as f32
            },
            fade_in_ms: number(value, &["m.fade_in_ms", "m.fade_ms", "fade_ms"]).map_or(0, whole),
            fade_out_ms: number(value, &["m.fade_out_ms", "m.fade_ms", "fade_ms"]).map_or(0, whole),
            source_in_ms: number(value, &["m.source_in_ms", "source_in_ms", "m.in_ms"]).map_or(0, whole),
            speed,
            place: match words(value, &["m.position", "position"]).unwrap_or_default().to_lowercase().as_str()
            {
                place if place.contains("top") => Some(Place::Top),
                place if place.contains("bottom") || place.contains("lower") => Some(Place::Bottom),
                place if place.contains("cent") || place.contains("middle") => Some(Place::Center),
                _ => None,
            },
            colour: words(value, &["m.color", "m.colour", "color"]).and_then(|text| web_colour(&text)),
            scale: number(value, &["m.scale"]).map(|scale| scale.clamp(0.02, 1.0) as f32),
        })
    }
}

impl Segment {
    /// A picture for drafts that have none.
    pub(super) fn backdrop(title: String, duration_ms: u64) -> Self {
        Self {
            start_ms: 0,
            end_ms: duration_ms,
            title,
            prompt: None,
            text: None,
            sources: Vec::new(),
            volume: 0.0,
            fade_in_ms: 0,
            fade_out_ms: 0,
            source_in_ms: 0,
            speed: 1.0,
            place: None,
            colour: None,
            scale: None,
        }
    }
}

/// Follows a path such as `m.title`.
fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

fn words(value: &Value, paths: &[&str]) -> Option<String> {
    paths
        .iter()
        .filter_map(|path| find(value, path)?.as_str())
        .map(str::trim)
        .find(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The first finite number; numbers written as text count.
fn number(value: &Value, paths: &[&str]) -> Option<f64> {
    paths
        .iter()
        .filter_map(|path| match find(value, path)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().trim_end_matches('%').parse().ok(),
            _ => None,
        })
        .find(|number| number.is_finite())
}

fn whole(value: f64) -> u64 {
    value.round().clamp(0.0, 1e12) as u64
}

fn web_colour(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('#')?;
    match digits.len() {
        6 => u32::from_str_radix(digits, 16).ok(),
        3 => u32::from_str_radix(&digits.chars().flat_map(|c| [c, c]).collect::<String>(), 16).ok(),
        _ => None,
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
