//! Changes: the difference between two states of a session, in words. It answers for turns that say nothing
//! (NemoVideo skill, SSE Event Handling: about three in ten edits).

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::nemo::state::{Asset, SessionState};
use crate::nemo::timeline::{Clip, Timeline, TrackKind, seconds, trimmed};
use crate::redact;

/// What changed, one phrase each: `title "Urban Dreams" added, 0–3 s`, `music 100 % → 35 %`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Changes {
    phrases: Vec<String>,
    #[serde(skip)]
    on_timeline: bool,
}

impl Changes {
    /// The phrases.
    #[must_use]
    pub fn phrases(&self) -> &[String] {
        &self.phrases
    }

    /// Whether any of it can be seen on the timeline: not only among the files of the session, or in details that the
    /// timeline does not show.
    #[must_use]
    pub fn on_timeline(&self) -> bool {
        self.on_timeline
    }

    /// Nothing changed that matters: the turn did nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "nothing changed" } else { "" })?;
        f.write_str(&self.phrases.join("; "))
    }
}

/// Compares a session before and after a turn.
#[must_use]
pub fn diff(before: &SessionState, after: &SessionState) -> Changes {
    let mut said = Vec::new();
    if before.draft != after.draft {
        let (old, new) = (before.draft.timeline(), after.draft.timeline());
        project(&old, &new, &mut said);
        clips(&old, &new, &mut said);
    }
    let told = !said.is_empty();
    if before.canvas != after.canvas
        && let (Some((w0, h0)), Some((w1, h1))) = (before.canvas, after.canvas)
        && !said.iter().any(|phrase| phrase.starts_with("canvas"))
    {
        said.push(format!("canvas {w0}×{h0} → {w1}×{h1}"));
    }
    let on_timeline = !said.is_empty();
    assets("uploaded file", &before.uploads, &after.uploads, &mut said);
    // What was generated lies on the timeline, and was told there.
    if !told {
        assets("generated item", &before.generated, &after.generated, &mut said);
    }
    if said.is_empty() && matters(before.draft.raw()) != matters(after.draft.raw()) {
        said.push("details that the timeline does not show".into());
    }
    Changes { phrases: said, on_timeline }
}

fn project(old: &Timeline, new: &Timeline, said: &mut Vec<String>) {
    if let (Some(old), Some(new)) = (&old.title, &new.title)
        && old != new
    {
        said.push(format!("project title \"{old}\" → \"{new}\""));
    }
    let size = |timeline: &Timeline| Some((timeline.width?, timeline.height?));
    if let (Some((w0, h0)), Some((w1, h1))) = (size(old), size(new))
        && (w0, h0) != (w1, h1)
    {
        said.push(format!("canvas {w0}×{h0} → {w1}×{h1}"));
    }
    if !old.tracks.is_empty() && differs(old.duration_ms, new.duration_ms) {
        said.push(format!("length {} s → {} s", seconds(old.duration_ms), seconds(new.duration_ms)));
    }
}

/// A clip with the noun that people use for it.
#[derive(Clone, Copy)]
struct Item<'a> {
    kind: TrackKind,
    noun: &'a str,
    clip: &'a Clip,
}

fn items(timeline: &Timeline) -> Vec<Item<'_>> {
    let tracks = timeline.tracks.iter();
    tracks
        .flat_map(|track| {
            let noun = match track.label.as_str() {
                "Video" => "clip",
                "BGM" => "music",
                "Voice" => "voice",
                "Sound" => "sound",
                "Title" => "title",
                "Subtitles" => "subtitle",
                "Text" => "text",
                other => other,
            };
            track.clips.iter().map(move |clip| Item { kind: track.kind, noun, clip })
        })
        .collect()
}

/// Finds for each clip what became of it: the same id first, then the same words, then the same place in its kind.
fn clips(old: &Timeline, new: &Timeline, said: &mut Vec<String>) {
    let mut old: Vec<Option<Item<'_>>> = items(old).into_iter().map(Some).collect();
    let new = items(new);
    let mut pairs: Vec<(Item<'_>, Option<Item<'_>>)> = new.into_iter().map(|item| (item, None)).collect();
    let rules: [fn(&Clip, &Clip) -> bool; 4] = [
        |a, b| a.id.is_some() && a.id == b.id,
        |a, b| a.name == b.name && a.text == b.text && !differs(a.start_ms, b.start_ms),
        |a, b| a.name == b.name && a.text == b.text,
        |_, _| true,
    ];
    for same in rules {
        for (item, partner) in pairs.iter_mut().filter(|(_, partner)| partner.is_none()) {
            *partner = old
                .iter_mut()
                .find(|slot| slot.is_some_and(|other| other.kind == item.kind && same(other.clip, item.clip)))
                .and_then(Option::take);
        }
    }
    let crowd = |kind: TrackKind| pairs.iter().filter(|(item, _)| item.kind == kind).count() > 1;
    for (item, partner) in &pairs {
        match partner {
            Some(before) => changed(before.clip, *item, crowd(item.kind), said),
            None => said.push(format!("{} {} added, {}", item.noun, quoted(item.clip), extent(item.clip))),
        }
    }
    said.extend(old.into_iter().flatten().map(|gone| format!("{} {} removed", gone.noun, quoted(gone.clip))));
}

fn changed(old: &Clip, item: Item<'_>, crowd: bool, said: &mut Vec<String>) {
    let (noun, new) = (item.noun, item.clip);
    if old.name != new.name && old.text == new.text {
        said.push(format!("{noun} \"{}\" → \"{}\"", old.name, new.name));
    }
    if let (Some(old), Some(new)) = (&old.text, &new.text)
        && old != new
    {
        said.push(format!("{noun} \"{old}\" → \"{new}\""));
    }
    if differs(old.start_ms, new.start_ms) || differs(old.end_ms, new.end_ms) {
        said.push(format!("{noun} {} {} → {}", quoted(new), span(old), span(new)));
    }
    let who = if crowd { format!("{noun} {}", quoted(new)) } else { noun.to_owned() };
    match (old.volume_percent, new.volume_percent) {
        (Some(old), Some(new)) if differs(old, new) => {
            said.push(format!("{who} {} % → {} %", trimmed(old), trimmed(new)));
        }
        (None, Some(new)) => said.push(format!("{who} volume set to {} %", trimmed(new))),
        (Some(old), None) => said.push(format!("{who} volume of {} % removed", trimmed(old))),
        _ => {}
    }
    let (old_speed, new_speed) = (old.speed.unwrap_or(1.0), new.speed.unwrap_or(1.0));
    if differs(old_speed, new_speed) {
        said.push(format!("{who} speed {}× → {}×", trimmed(old_speed), trimmed(new_speed)));
    }
    settings(&who, &old.settings, &new.settings, said);
}

/// Settings that only the service understands, by their own names.
fn settings(who: &str, old: &[(String, String)], new: &[(String, String)], said: &mut Vec<String>) {
    let value = |of: &[(String, String)], name: &str| {
        of.iter().find(|(other, _)| other == name).map(|(_, value)| short(value))
    };
    for (name, now) in new {
        let label = redact::label(name);
        match value(old, name) {
            None => said.push(format!("{who}: {label} set to {}", short(now))),
            Some(before) if before != short(now) => {
                said.push(format!("{who}: {label} {before} → {}", short(now)))
            }
            Some(_) => {}
        }
    }
    said.extend(
        old.iter()
            .filter(|(name, _)| value(new, name).is_none())
            .map(|(name, _)| format!("{who}: {} removed", redact::label(name))),
    );
}

fn assets(what: &str, old: &[Asset], new: &[Asset], said: &mut Vec<String>) {
    let (was, is) = (old.len(), new.len());
    let (count, verb) = if is > was { (is - was, "added") } else { (was - is, "removed") };
    if count > 0 {
        said.push(format!("{count} {what}{} {verb}", if count == 1 { "" } else { "s" }));
    }
}

fn quoted(clip: &Clip) -> String {
    format!("\"{}\"", clip.text.as_ref().unwrap_or(&clip.name))
}

fn span(clip: &Clip) -> String {
    format!("{}–{} s", seconds(clip.start_ms), seconds(clip.end_ms))
}

fn extent(clip: &Clip) -> String {
    match clip.volume_percent {
        Some(volume) => format!("{}, {} %", span(clip), trimmed(volume)),
        None => span(clip),
    }
}

/// Scalars as they are; anything nested or long is only named.
fn short(value: &str) -> String {
    if value.starts_with(['{', '[']) || value.chars().count() > 40 {
        // The length tells two long values apart often enough for a phrase.
        format!("({} characters)", value.chars().count())
    } else {
        redact::label(value)
    }
}

fn differs(a: f64, b: f64) -> bool {
    (a - b).abs() > 0.5e-3 * a.abs().max(b.abs()).max(1.0)
}

/// The draft without the service's own bookkeeping, for a comparison by meaning.
fn matters(draft: &str) -> Option<Value> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| {
                    !name.starts_with("x_")
                        && !matches!(name.as_str(), "rev" | "version" | "updatedAt" | "updated_at")
                });
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(draft).ok()?;
    strip(&mut value);
    // A session without a video has `null` or `{}` as its draft, or none.
    Some(value).filter(|value| !value.is_null() && value.as_object().is_none_or(|fields| !fields.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(draft: &str) -> SessionState {
        SessionState::parse(&format!(r#"{{"state":{{"draft":{draft}}}}}"#)).unwrap()
    }

    const VIDEO: &str = r#"{"tt":0,"m":{},"sg":[{"d":10000,"m":{"title":"sunset","src":"g.mp4"}}]}"#;

    fn said(old: &str, new: &str) -> Vec<String> {
        let draft = |tracks: &str| state(&format!(r#"{{"x_rev":1,"d":10000,"t":[{tracks}]}}"#));
        diff(&draft(old), &draft(new)).phrases().to_vec()
    }

    fn music(volume: &str) -> String {
        format!(r#"{{"tt":1,"sg":[{{"d":10000,"m":{{"title":"Lo-fi"{volume}}}}}]}}"#)
    }

    fn title(text: &str, start: u32, length: u32) -> String {
        format!(r#"{{"tt":7,"sg":[{{"s":{start},"d":{length},"m":{{"text":"{text}"}}}}]}}"#)
    }

    #[test]
    fn edits_in_words() {
        let with = |track: &str| format!("{VIDEO},{track}");
        let (loud, quiet) = (with(&music(",\"volume\":1.0")), with(&music(",\"volume\":0.35")));
        let titled = with(&title("Urban Dreams", 0, 3000));
        for (old, new, expected) in [
            (VIDEO, &titled[..], vec![r#"title "Urban Dreams" added, 0–3 s"#]),
            (&titled, VIDEO, vec![r#"title "Urban Dreams" removed"#]),
            (&titled, &with(&title("Night", 0, 3000)), vec![r#"title "Urban Dreams" → "Night""#]),
            (
                &titled,
                &with(&title("Urban Dreams", 2000, 3000)),
                vec![r#"title "Urban Dreams" 0–3 s → 2–5 s"#],
            ),
            (&loud, &quiet, vec!["music 100 % → 35 %"]),
            (VIDEO, &quiet, vec![r#"music "Lo-fi" added, 0–10 s, 35 %"#]),
            (&with(&music("")), &quiet, vec!["music volume set to 35 %"]),
            (
                VIDEO,
                r#"{"tt":0,"m":{},"sg":[{"d":10000,"m":{"title":"sunset","src":"g.mp4","look":"warm"}}]}"#,
                vec!["clip: look set to warm"],
            ),
            (
                VIDEO,
                r#"{"tt":0,"m":{},"sg":[{"d":10000,"m":{"title":"sunset","src":"g.mp4","look":"\"warm\"\nnmv_usr_abcdefgh123"}}]}"#,
                vec!["clip: look set to 'warm' nmv_usr_…"],
            ),
            (
                VIDEO,
                r#"{"tt":0,"m":{},"sg":[{"d":8000,"speed":2,"m":{"title":"sunset","src":"g.mp4"}}]}"#,
                vec![r#"clip "sunset" 0–10 s → 0–8 s"#, "clip speed 1× → 2×"],
            ),
            (
                VIDEO,
                r#"{"tt":0,"m":{"muted":true},"sg":[{"d":10000,"m":{"title":"sunset","src":"g.mp4"}}]}"#,
                vec!["details that the timeline does not show"],
            ),
            (
                VIDEO,
                r#"{"tt":0,"m":{"x_n":2},"sg":[{"d":10000,"x_seen":1,"m":{"title":"sunset","src":"g.mp4"}}]}"#,
                vec![],
            ),
        ] {
            assert_eq!(said(old, new), expected, "{new}");
        }
    }

    #[test]
    fn first_video_and_no_change() {
        let first = state(&format!(r#"{{"d":10000,"m":{{"width":1080,"height":1920}},"t":[{VIDEO}]}}"#));
        assert_eq!(diff(&state("null"), &first).to_string(), r#"clip "sunset" added, 0–10 s"#);
        assert!(diff(&first, &first).is_empty());
        assert!(diff(&state("null"), &first).on_timeline() && !diff(&first, &first).on_timeline());
        assert_eq!(diff(&state("null"), &state("{}")), Changes::default(), "an empty draft is no draft");
        let uploads =
            SessionState::parse(r#"{"state":{"video_infos":[{},{}],"generated_media":[1]}}"#).unwrap();
        assert_eq!(
            diff(&state("null"), &uploads).to_string(),
            "2 uploaded files added; 1 generated item added"
        );
        assert!(!diff(&state("null"), &uploads).on_timeline(), "files lie beside it");
    }

    #[test]
    fn clips_keep_their_identity_when_one_is_put_before_them() {
        let clip =
            |id: &str, start: u32| format!(r#"{{"id":"{id}","s":{start},"d":1000,"m":{{"title":"{id}"}}}}"#);
        let track = |clips: &[String]| format!(r#"{{"tt":0,"sg":[{}]}}"#, clips.join(","));
        let old = track(&[clip("a", 0), clip("b", 1000)]);
        let new = track(&[clip("n", 0), clip("a", 1000), clip("b", 2000)]);
        assert_eq!(
            said(&old, &new),
            [r#"clip "n" added, 0–1 s"#, r#"clip "a" 0–1 s → 1–2 s"#, r#"clip "b" 1–2 s → 2–3 s"#]
        );
    }
}
