//! The way to the renderer, for builds that have one.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::rows::Made;

/// The shape of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) fps: u32,
}

/// The longer side of what is rendered, at most (NemoVideo skill: up to 1080x1920).
const LONGEST_SIDE: f64 = 1920.0;

impl Shape {
    /// The canvas of the draft, or what `output` asks for.
    pub(super) fn of(draft: &Value, output: &Value) -> Self {
        let number = |value: &Value, key: &str| {
            let value = value.get(key)?;
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
            (number >= 2.0).then_some(number)
        };
        let canvas = draft.get("m").unwrap_or(&Value::Null);
        let width = number(canvas, "width").unwrap_or(1920.0);
        let height = number(canvas, "height").unwrap_or(1080.0);
        let asked = output.get("resolution").and_then(Value::as_str).map(str::to_ascii_lowercase);
        let short = asked.and_then(|text| text.trim_end_matches('p').parse::<f64>().ok());
        let scale = match (short, output.get("quality").and_then(Value::as_str)) {
            (Some(short), _) if short >= 64.0 => short / width.min(height),
            (_, Some("low")) => 0.5,
            _ => 1.0,
        };
        let scale = scale.min(LONGEST_SIDE / width.max(height));
        let even = |side: f64| ((side * scale / 2.0).round().max(1.0) as u32) * 2;
        let fps = number(output, "fps").or_else(|| number(canvas, "fps")).unwrap_or(30.0);
        Self { width: even(width), height: even(height), fps: fps.clamp(1.0, 60.0).round() as u32 }
    }
}

/// Renders a draft into a file. Blocks.
#[cfg(feature = "studio")]
pub(super) fn paint(
    draft: &Value,
    assets: &dyn Fn(&str) -> Option<PathBuf>,
    shape: Shape,
    out: &Path,
    report: &(dyn Fn(f32) + Sync),
    cancelled: &AtomicBool,
) -> Result<Made, String> {
    use crate::sandbox::render::{Canvas, Progress, compose};

    let canvas = Canvas { width: shape.width, height: shape.height, fps: shape.fps };
    let made = compose(draft, assets, canvas, out, &Progress { report, cancelled })
        .map_err(|error| error.to_string())?;
    Ok(Made {
        duration_ms: made.duration_ms,
        width: made.width,
        height: made.height,
        bytes: made.bytes,
        notes: made.notes,
    })
}

/// Says that this build cannot render.
#[cfg(not(feature = "studio"))]
pub(super) fn paint(
    _draft: &Value,
    _assets: &dyn Fn(&str) -> Option<PathBuf>,
    _shape: Shape,
    _out: &Path,
    _report: &(dyn Fn(f32) + Sync),
    _cancelled: &AtomicBool,
) -> Result<Made, String> {
    Err("sandbox: this program was built without its studio, so it cannot render".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Shape;

    #[test]
    fn shapes() {
        let wide = json!({ "m": { "width": 1920, "height": 1080, "fps": 30 } });
        let tall = json!({ "m": { "width": "1080", "height": "1920" } });
        for (draft, output, want) in [
            (&wide, json!({ "quality": "high" }), (1920, 1080, 30)),
            (&wide, json!({ "resolution": "720p", "fps": 24 }), (1280, 720, 24)),
            (&wide, json!({ "quality": "low" }), (960, 540, 30)),
            (&tall, json!({ "resolution": "2160p" }), (1080, 1920, 30)),
            (&tall, json!(null), (1080, 1920, 30)),
            (&json!({}), json!({ "resolution": "huge" }), (1920, 1080, 30)),
        ] {
            let got = Shape::of(draft, &output);
            assert_eq!((got.width, got.height, got.fps), want, "{draft} {output}");
        }
    }
}
