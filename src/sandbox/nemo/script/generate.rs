//! A generated clip on the timeline.

use serde_json::json;

use super::super::draft::{Details, Draft, VIDEO};
use super::super::rows::Project;
use super::op::{Op, Outcome, pick_text, seconds};

/// Puts the clip on a new timeline, or behind what is there.
pub(super) fn apply(op: &Op, project: &mut Project, zh: bool) -> Outcome {
    let Op::Generate { prompt, ms, width, height, append, picture } = op else {
        return Err(String::new());
    };
    let mut draft =
        project.draft.take().filter(|_| *append).unwrap_or_else(|| Draft::new(prompt, *width, *height));
    let number = project.generated_media.len() + 1;
    let media_id = format!("gen_{number:04}");
    let url = format!("sandbox:/cdn/gen/{}/{media_id}.mp4", draft.id);
    let details = Details {
        title: Some(prompt.clone()),
        kind: Some("generated".to_owned()),
        // A picture that is set in motion is shown, not drawn from words.
        prompt: picture.is_none().then(|| prompt.clone()),
        url: Some(picture.clone().unwrap_or_else(|| url.clone())),
        source_ms: Some(*ms),
        ..Details::default()
    };
    let segment = draft.segment('v', 0, *ms, details);
    draft.track_mut(VIDEO).sg.push(segment);
    project.canvas_config = json!({
        "width": draft.m.width, "height": draft.m.height, "aspect_ratio": ratio_name(draft.m.width, draft.m.height),
    });
    project.generated_media.push(json!({
        "id": media_id, "type": "video", "url": url, "prompt": prompt, "duration": *ms as f64 / 1000.0,
        "width": draft.m.width, "height": draft.m.height, "status": "completed",
    }));
    let (wide, high) = (draft.m.width, draft.m.height);
    project.draft = Some(draft);
    Ok(pick_text(
        zh,
        format!("The raw clip is ready: {prompt}, {}, {wide}×{high} (drawn by the sandbox).", seconds(*ms)),
        format!("原始片段已生成：{prompt}，{}，{wide}×{high}（由沙盒绘制）。", seconds(*ms)),
    ))
}

fn ratio_name(width: u32, height: u32) -> String {
    let ratio = f64::from(width) / f64::from(height);
    [
        ("16:9", 16.0 / 9.0),
        ("9:16", 9.0 / 16.0),
        ("1:1", 1.0),
        ("4:3", 4.0 / 3.0),
        ("3:4", 0.75),
        ("4:5", 0.8),
        ("21:9", 21.0 / 9.0),
    ]
    .into_iter()
    .find(|(_, known)| (known - ratio).abs() < 0.02)
    .map_or_else(|| format!("{width}:{height}"), |(name, _)| name.to_owned())
}
