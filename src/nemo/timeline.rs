//! The timeline: a read-only view over a draft's compact keys, and its summary for people.
//!
//! Only `t`, `tt`, `sg`, `d` and `m` are documented. Everything else is looked for under the names that editors
//! commonly use, here and nowhere else.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::nemo::wire::{self, Fields};
use crate::redact;

/// What is on the timeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// The project's title.
    pub title: Option<String>,
    /// The whole length.
    pub duration_ms: f64,
    /// Canvas width in pixels.
    pub width: Option<f64>,
    /// Canvas height in pixels.
    pub height: Option<f64>,
    /// Tracks in the service's order, the empty ones included.
    pub tracks: Vec<Track>,
}

/// What a track carries (`tt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackKind {
    /// 0: pictures.
    Video,
    /// 1: music and voices.
    Audio,
    /// 7: titles and subtitles.
    Text,
    /// Any other number; it is shown and never dropped.
    Other(i64),
}

/// One track.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Track {
    /// What it carries.
    pub kind: TrackKind,
    /// How the summary calls it: Video, BGM, Title…
    pub label: String,
    /// Its segments.
    pub clips: Vec<Clip>,
}

/// One segment of a track.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Clip {
    /// The service's own id.
    pub id: Option<String>,
    /// What it shows or plays.
    pub name: String,
    /// The words of a text segment.
    pub text: Option<String>,
    /// Where it begins.
    pub start_ms: f64,
    /// Where it ends.
    pub end_ms: f64,
    /// Volume, where one is set.
    pub volume_percent: Option<f64>,
    /// Playing speed, where one is set.
    pub speed: Option<f64>,
    /// Every other setting by name, as it was written: what an edit may change beyond the above.
    #[serde(skip)]
    pub settings: Vec<(String, String)>,
}

impl Timeline {
    /// Reads a draft; `null`, `{}` and anything odd is an empty timeline.
    pub(super) fn read(draft: &str) -> Self {
        let Some(draft) = Fields::parse(draft) else { return Self::default() };
        let meta = draft.object("m").unwrap_or_default();
        let tracks: Vec<Track> = draft
            .list("t")
            .into_iter()
            .filter_map(|track| Fields::parse(track.get()))
            .map(|track| Track::read(&track))
            .collect();
        let last_end =
            tracks.iter().flat_map(|track| &track.clips).map(|clip| clip.end_ms).fold(0.0, f64::max);
        Self {
            title: meta
                .text("title")
                .or_else(|| meta.text("name"))
                .filter(|title| !title.is_empty())
                .map(|title| redact::label(&title)),
            duration_ms: draft.number("d").or_else(|| draft.number("duration")).unwrap_or(last_end),
            width: meta.number("width"),
            height: meta.number("height"),
            tracks,
        }
    }
}

impl Track {
    fn read(track: &Fields<'_>) -> Self {
        let meta = track.object("m").unwrap_or_default();
        let kind = match track.number("tt").map(|number| number as i64) {
            Some(0) => TrackKind::Video,
            Some(1) => TrackKind::Audio,
            Some(7) => TrackKind::Text,
            Some(other) => TrackKind::Other(other),
            None => TrackKind::Other(-1),
        };
        let mut clips = Vec::new();
        let mut end_ms = 0.0;
        for segment in track.list("sg").into_iter().filter_map(|segment| Fields::parse(segment.get())) {
            let clip = Clip::read(&segment, kind, end_ms);
            end_ms = clip.end_ms;
            clips.push(clip);
        }
        let role =
            ["role", "type", "name", "title"].iter().find_map(|name| meta.text(name)).unwrap_or_default();
        Self { kind, label: label(kind, &role.to_lowercase(), clips.len()), clips }
    }
}

/// The label of the summary: the spec's words, and plain ones where it has none.
fn label(kind: TrackKind, role: &str, clips: usize) -> String {
    let says = |words: &[&str]| words.iter().any(|word| role.contains(word));
    match kind {
        TrackKind::Video => "Video".into(),
        TrackKind::Audio if says(&["voice", "narrat", "speech"]) => "Voice".into(),
        TrackKind::Audio if says(&["sfx", "effect", "sound"]) => "Sound".into(),
        TrackKind::Audio => "BGM".into(),
        TrackKind::Text if says(&["caption", "subtitle"]) => "Subtitles".into(),
        TrackKind::Text if clips > 1 => "Text".into(),
        TrackKind::Text => "Title".into(),
        TrackKind::Other(-1) => "Track without type".into(),
        TrackKind::Other(number) => format!("Track type {number}"),
    }
}

impl Clip {
    fn read(segment: &Fields<'_>, kind: TrackKind, previous_end_ms: f64) -> Self {
        let meta = segment.object("m").unwrap_or_default();
        let probe = |names: &[&str]| -> Option<&RawValue> {
            names
                .iter()
                .find_map(|name| segment.raw(name))
                .or_else(|| names.iter().find_map(|name| meta.raw(name)))
        };
        let number = |names: &[&str]| probe(names).and_then(wire::number);
        let words = |names: &[&str]| {
            names.iter().find_map(|name| meta.text(name).filter(|text| !text.trim().is_empty())).or_else(
                || names.iter().find_map(|name| segment.text(name).filter(|text| !text.trim().is_empty())),
            )
        };
        let start_ms = number(&["s", "st", "start", "startTime", "start_time", "start_ms"])
            .unwrap_or(previous_end_ms)
            .max(0.0);
        let duration_ms = number(&["d", "duration", "duration_ms"])
            .or_else(|| number(&["e", "end", "endTime", "end_time", "end_ms"]).map(|end| end - start_ms))
            .unwrap_or(0.0)
            .max(0.0);
        let text = (kind == TrackKind::Text).then(|| words(&["text", "content", "c", "title"])).flatten();
        let name = words(&["title", "name", "n", "prompt"])
            .or_else(|| words(&["src", "url", "u", "cdn_url"]).map(|source| file_stem(&source)))
            .or_else(|| text.clone())
            .unwrap_or_else(|| "untitled".into());
        Self {
            id: segment.text("id").or_else(|| segment.text("i")).or_else(|| meta.text("id")),
            name: redact::label(&name),
            text: text.map(|text| redact::label(&text)),
            start_ms,
            end_ms: start_ms + duration_ms,
            volume_percent: number(&["v", "vol", "volume"]).map(percent),
            speed: number(&["speed", "sp", "rate"]),
            settings: settings(segment, &meta),
        }
    }
}

/// Names that the view has already read, and bookkeeping that is no setting.
const READ: [&str; 38] = [
    "m",
    "d",
    "duration",
    "duration_ms",
    "s",
    "st",
    "start",
    "startTime",
    "start_time",
    "start_ms",
    "e",
    "end",
    "endTime",
    "end_time",
    "end_ms",
    "text",
    "content",
    "c",
    "title",
    "name",
    "n",
    "prompt",
    "src",
    "url",
    "u",
    "cdn_url",
    "v",
    "vol",
    "volume",
    "speed",
    "sp",
    "rate",
    "id",
    "i",
    "rev",
    "version",
    "updatedAt",
    "updated_at",
];

fn settings(segment: &Fields<'_>, meta: &Fields<'_>) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    for fields in [segment, meta] {
        for name in fields.names().filter(|name| !READ.contains(name) && !name.starts_with("x_")) {
            if let Some(value) = fields.raw(name) {
                settings.push((name.to_owned(), wire::text(value).unwrap_or_else(|| value.get().to_owned())));
            }
        }
    }
    settings
}

/// A volume up to 2 is a factor, a greater one already a percentage.
fn percent(volume: f64) -> f64 {
    let percent = if volume <= 2.0 { volume * 100.0 } else { volume };
    (percent * 100.0).round() / 100.0
}

/// The last name in an address or path, without its extension and query.
fn file_stem(source: &str) -> String {
    let path = source.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() { "untitled".into() } else { stem.to_owned() }
}

/// Seconds with as many digits as they need, two at most: `0`, `2.5`, `10`.
pub(super) fn seconds(ms: f64) -> String {
    trimmed(ms / 1000.0)
}

/// A number with two decimals at most and no trailing zeros.
pub(super) fn trimmed(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.to_owned() }
}

/// How many segments of one track the summary names; it says how many more there are.
const NAMED_CLIPS: usize = 5;

/// The summary of the spec: `Timeline (3 tracks): 1. Video: city timelapse (0-10s) 2. BGM: Lo-fi (0-10s, 35%) …`
impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.tracks.len();
        write!(f, "Timeline ({count} track{}):", if count == 1 { "" } else { "s" })?;
        if count == 0 {
            return f.write_str(" empty");
        }
        for (number, track) in (1..).zip(&self.tracks) {
            write!(f, " {number}. {}: ", track.label)?;
            if track.clips.is_empty() {
                f.write_str("empty")?;
            }
            for (at, clip) in track.clips.iter().take(NAMED_CLIPS).enumerate() {
                write!(f, "{}{clip}", if at == 0 { "" } else { ", " })?;
            }
            if let more @ 1.. = track.clips.len().saturating_sub(NAMED_CLIPS) {
                write!(f, " and {more} more")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "\"{text}\"")?,
            None => f.write_str(&self.name)?,
        }
        write!(f, " ({}-{}s", seconds(self.start_ms), seconds(self.end_ms))?;
        if let Some(volume) = self.volume_percent {
            write!(f, ", {}%", trimmed(volume))?;
        }
        if let Some(speed) = self.speed.filter(|speed| (speed - 1.0).abs() > 0.001) {
            write!(f, ", {}x", trimmed(speed))?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_the_spec() {
        let draft = r#"{"d":10000,"m":{"title":"Urban Dreams","width":1920,"height":1080},"t":[
            {"tt":0,"sg":[{"id":"seg_v1","s":0,"d":10000,"m":{"title":"city timelapse","url":"https://cdn.example.test/v.mp4"}}]},
            {"tt":1,"sg":[{"id":"seg_a1","s":0,"d":10000,"m":{"title":"Lo-fi","volume":0.35}}]},
            {"tt":7,"sg":[{"id":"seg_t1","s":0,"d":3000,"m":{"text":"Urban Dreams"}}]}]}"#;
        assert_eq!(
            Timeline::read(draft).to_string(),
            "Timeline (3 tracks): 1. Video: city timelapse (0-10s) 2. BGM: Lo-fi (0-10s, 35%) 3. Title: \"Urban Dreams\" (0-3s)"
        );
    }

    #[test]
    fn odd_drafts_are_shown_as_far_as_they_go() {
        for (draft, expected) in [
            ("null", "Timeline (0 tracks): empty"),
            ("{}", "Timeline (0 tracks): empty"),
            (r#"{"t":{}}"#, "Timeline (0 tracks): empty"),
            (r#"{"t":[{"tt":0,"sg":[]}]}"#, "Timeline (1 track): 1. Video: empty"),
            (r#"{"t":[{"tt":0}]}"#, "Timeline (1 track): 1. Video: empty"),
            (
                r#"{"t":[{"tt":42,"sg":[{"d":1500}]}]}"#,
                "Timeline (1 track): 1. Track type 42: untitled (0-1.5s)",
            ),
            (
                r#"{"t":[{"sg":[{"d":"1500"}]}]}"#,
                "Timeline (1 track): 1. Track without type: untitled (0-1.5s)",
            ),
            (
                r#"{"t":[{"tt":"0","sg":[{"d":4000,"src":"https://a.test/x/beach.mp4?sig=1"},{"d":6000,"m":{"name":"b"},"v":80}]}]}"#,
                "Timeline (1 track): 1. Video: beach (0-4s), b (4-10s, 80%)",
            ),
            (
                r#"{"t":[{"tt":7,"sg":[{"start":2000,"end":5000,"text":"Golden\nHour"}]}]}"#,
                "Timeline (1 track): 1. Title: \"Golden Hour\" (2-5s)",
            ),
            (
                r#"{"t":[{"tt":1,"m":{"role":"voiceover"},"sg":[{"d":2000,"m":{"title":"Anna","volume":1.2},"speed":1.5}]}]}"#,
                "Timeline (1 track): 1. Voice: Anna (0-2s, 120%, 1.5x)",
            ),
        ] {
            assert_eq!(Timeline::read(draft).to_string(), expected, "{draft}");
        }
        let many: Vec<_> =
            (0..8).map(|n| serde_json::json!({"d": 1000, "m": {"text": n.to_string()}})).collect();
        let draft = serde_json::json!({"t": [{"tt": 7, "sg": many}]}).to_string();
        assert!(Timeline::read(&draft).to_string().ends_with("\"4\" (4-5s) and 3 more"));
    }
}
