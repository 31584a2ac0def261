//! Uploaded files that a message names.

use serde_json::Value;

use super::super::super::rows::Project;
use super::super::op::{Op, text_of};
use super::super::words::Message;

/// Whether a file can be shown.
pub(super) fn is_visual(file: &Value) -> bool {
    matches!(text_of(file, "file_type"), Some("video" | "image"))
}

/// The clips and pictures that are called by their file names, in the order of upload.
pub(super) fn named(message: &Message, project: &Project) -> Vec<String> {
    let whole = message.whole().to_lowercase();
    let names = project
        .video_infos
        .iter()
        .filter(|file| is_visual(file))
        .filter_map(|file| text_of(file, "filename"));
    let mut found: Vec<String> =
        names.filter(|name| whole.contains(&name.to_lowercase())).map(str::to_owned).collect();
    found.dedup();
    found
}

/// The changes, with the named files where they belong: in place of a clip, behind the others, or as a new timeline.
pub(super) fn placed(message: &Message, named: Vec<String>, mut ops: Vec<Op>) -> Vec<Op> {
    let Some(first) = named.first().cloned() else { return ops };
    for op in &mut ops {
        if let Op::ReplaceClip { file, .. } = op {
            *file = Some(first);
            return ops;
        }
    }
    let joins = message.has(&[
        "merge",
        "join",
        "append",
        "combine",
        "stitch",
        "concatenate",
        "also",
        "after",
        "behind",
        "to the end",
        "合并",
        "拼接",
        "追加",
        "接在",
    ]);
    let each_ms = ops.iter().find_map(|op| match op {
        Op::PlaceUploads { each_ms, .. } => *each_ms,
        _ => None,
    });
    ops.retain(|op| !matches!(op, Op::PlaceUploads { .. }));
    // One file after the other, each with its own instruction and its own render: the batch style of the skill.
    ops.insert(0, Op::PlaceUploads { each_ms, only: named, fresh: !joins });
    ops
}
