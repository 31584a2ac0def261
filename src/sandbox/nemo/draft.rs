//! The timeline draft: the documented compact keys, and others that nobody documents.
//!
//! `t` tracks, `tt` track type, `sg` segments, `d` duration in ms, `m` metadata (NemoVideo skill, Draft field mapping). The
//! rest is this sandbox's choice. Like the real drafts it carries 64-bit ids, floats and nested keys that mean nothing to a
//! client and must come back unchanged.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// Video clips and pictures.
pub(super) const VIDEO: u8 = 0;
/// Music and other sound.
pub(super) const AUDIO: u8 = 1;
/// Titles, text, subtitles.
pub(super) const TEXT: u8 = 7;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) id: u64,
    /// Length in ms.
    pub(super) d: u64,
    pub(super) m: Canvas,
    pub(super) t: Vec<Track>,
    /// Baggage.
    pub(super) x: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Canvas {
    pub(super) title: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) fps: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    pub(super) tt: u8,
    pub(super) sg: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) id: String,
    pub(super) uid: u64,
    /// Start on the timeline in ms.
    pub(super) s: u64,
    /// Length on the timeline in ms.
    pub(super) d: u64,
    pub(super) m: Details,
}

/// What a segment shows or sounds like. Only what applies is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    /// `generated`, `video`, `image`, `music`, `audio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    /// What a generated scene shows, or the style of music.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// `title`, `text` or `subtitle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    /// `top`, `center`, `bottom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<String>,
    /// `#rrggbb`, for text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) color: Option<String>,
    /// 1.0 is full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) volume: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) muted: Option<bool>,
    /// Where in the source the segment begins, in ms of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_ms: Option<u64>,
    /// 2.0 is twice as fast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fade_in_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fade_out_ms: Option<u64>,
    /// Colour grading, in words: `warm`, `black and white`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) look: Option<String>,
    /// A wish that nothing here draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// Length of the whole source in ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_ms: Option<u64>,
}

/// A random id above 2^53, which a JSON reader with floats would spoil.
pub(super) fn big_id() -> u64 {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    random | (1 << 62) | 1
}

impl Draft {
    pub(super) fn new(title: &str, width: u32, height: u32) -> Self {
        Self {
            id: big_id(),
            d: 0,
            m: Canvas { title: title.to_owned(), width, height, fps: 30 },
            t: Vec::new(),
            x: json!({
                "made_by": "firstcut sandbox",
                "rev": 0,
                "next": 1,
                "gain": 0.300_000_000_000_000_04,
                "clock": 9_007_199_254_740_993_u64,
                "blob": { "κλειδί": [1, 2.5, null, true, { "深": "层" }] },
            }),
        }
    }

    /// The first track of this type; a new one at the end when there is none.
    pub(super) fn track_mut(&mut self, tt: u8) -> &mut Track {
        let at = self.t.iter().position(|track| track.tt == tt).unwrap_or_else(|| {
            self.t.push(Track { tt, sg: Vec::new() });
            self.t.len() - 1
        });
        &mut self.t[at]
    }

    /// Segments of one type, on all its tracks.
    pub(super) fn segments(&self, tt: u8) -> impl Iterator<Item = &Segment> {
        self.t.iter().filter(move |track| track.tt == tt).flat_map(|track| &track.sg)
    }

    pub(super) fn segments_mut(&mut self, tt: u8) -> impl Iterator<Item = &mut Segment> {
        self.t.iter_mut().filter(move |track| track.tt == tt).flat_map(|track| &mut track.sg)
    }

    /// A segment with a fresh id.
    pub(super) fn segment(&mut self, letter: char, s: u64, d: u64, m: Details) -> Segment {
        let next = self.x.get("next").and_then(Value::as_u64).unwrap_or(1);
        self.x["next"] = (next + 1).into();
        Segment { id: format!("seg_{letter}{next}"), uid: big_id(), s, d, m }
    }

    /// After a change: clips follow one another, everything else ends with them, empty tracks go.
    pub(super) fn settle(&mut self) {
        let mut end = 0;
        for clip in self.segments_mut(VIDEO) {
            clip.s = end;
            end += clip.d;
        }
        if end == 0 {
            end = self.t.iter().flat_map(|track| &track.sg).map(|it| it.s + it.d).max().unwrap_or(0);
        }
        self.d = end;
        for track in self.t.iter_mut().filter(|track| track.tt != VIDEO) {
            track.sg.retain(|it| it.s < end);
            for it in &mut track.sg {
                it.d = it.d.min(end - it.s);
            }
        }
        for music in self.segments_mut(AUDIO) {
            if music.m.kind.as_deref() == Some("music") {
                music.d = end - music.s;
            }
        }
        self.t.retain(|track| !track.sg.is_empty());
        let rev = self.x.get("rev").and_then(Value::as_u64).unwrap_or(0);
        self.x["rev"] = (rev + 1).into();
    }
}
