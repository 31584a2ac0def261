//! The state of a session: the draft and what belongs to it, kept as it was sent so that it can be stored and compared.

use serde_json::value::RawValue;

use crate::error::{Error, Kind, Result};
use crate::nemo::draft::Draft;
use crate::nemo::wire::{self, Fields, Payload};

/// What the session holds (NemoVideo skill, Session state).
#[derive(Clone, Debug)]
pub struct SessionState {
    raw: String,
    /// The timeline; `null` before the first video.
    pub draft: Draft,
    /// Uploaded files.
    pub uploads: Vec<Asset>,
    /// Clips, pictures and sounds that were generated.
    pub generated: Vec<Asset>,
    /// Canvas size in pixels.
    pub canvas: Option<(u32, u32)>,
    /// Whose session it is.
    pub user_id: Option<String>,
    /// The project.
    pub task_id: Option<String>,
}

/// A file in the session. Its shape is not documented; only a name and a kind are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asset {
    /// File name, title or id.
    pub name: String,
    /// `video`, `image`, `audio`, where given.
    pub kind: Option<String>,
}

impl SessionState {
    /// Reads what [`raw`](Self::raw) gave out.
    ///
    /// # Errors
    /// [`Kind::Protocol`] when it is no state.
    pub fn parse(raw: &str) -> Result<Self> {
        wire::open(200, raw)
            .map(|payload| Self::of(&payload))
            .map_err(|_| Error::new(Kind::Protocol, "The session state that NemoVideo sent cannot be read."))
    }

    pub(super) fn of(payload: &Payload<'_>) -> Self {
        let state = payload.object("state").unwrap_or_default();
        let field = |name: &str| state.raw(name).or_else(|| payload.raw(name));
        let canvas =
            field("canvas_config").and_then(|canvas| Fields::parse(canvas.get())).and_then(|canvas| {
                let side = |name: &str| {
                    canvas.number(name).filter(|side| (1.0..=65_535.0).contains(side)).map(|side| side as u32)
                };
                Some((side("width")?, side("height")?))
            });
        Self {
            raw: payload.raw.to_owned(),
            draft: Draft::of(field("draft")),
            uploads: assets(field("video_infos")),
            generated: assets(field("generated_media")),
            canvas,
            user_id: payload.text("user_id"),
            task_id: payload.text("task_id"),
        }
    }

    /// The state as it was sent, for keeping; read it back with [`parse`](Self::parse).
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

fn assets(list: Option<&RawValue>) -> Vec<Asset> {
    let items = list.map(wire::list).unwrap_or_default();
    items
        .into_iter()
        .map(|item| {
            let fields = Fields::parse(item.get()).unwrap_or_default();
            let name =
                ["filename", "name", "title", "prompt", "id"].iter().find_map(|name| fields.text(name));
            let kind = fields.text("file_type").or_else(|| fields.text("type"));
            Asset { name: name.or_else(|| wire::text(item)).unwrap_or_default(), kind }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_survives_byte_for_byte() {
        let draft =
            r#"{"id":5529798706024415232,"gain":0.30000000000000004,"x": [1 , 2.50],"t":[],"z":1e400}"#;
        let body = format!(
            r#"{{"code":0,"data":{{"session_id":"55","task_id":77,"user_id":"anon_1","state":{{"draft":{draft},"video_infos":[{{"filename":"a.mp4","file_type":"video"}}],"generated_media":null,"canvas_config":{{"width":"1080","height":1920}}}}}}}}"#
        );
        let state = SessionState::of(&wire::open(200, &body).unwrap());
        for state in [SessionState::parse(state.raw()).unwrap(), state] {
            assert_eq!(state.draft.raw(), draft);
            assert_eq!(serde_json::to_string(&state.draft).unwrap(), draft);
            assert_eq!(state.uploads, [Asset { name: "a.mp4".into(), kind: Some("video".into()) }]);
            assert_eq!((state.generated.len(), state.canvas), (0, Some((1080, 1920))));
            assert_eq!((state.task_id.as_deref(), state.user_id.as_deref()), (Some("77"), Some("anon_1")));
        }
    }

    #[test]
    fn a_young_session_has_no_draft() {
        for state in [
            r#"{"state":{}}"#,
            r#"{"state":{"draft":null}}"#,
            r#"{"state":{"draft":{}}}"#,
            r#"{"state":null}"#,
            "{}",
        ] {
            let state = SessionState::parse(state).unwrap();
            assert!(!state.draft.is_exportable());
            assert_eq!(state.draft.to_string(), "Timeline (0 tracks): empty");
        }
        assert!(SessionState::parse("<html>").is_err());
    }
}
