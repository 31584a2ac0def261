//! Changes to the clips themselves: placing, cutting, ordering, speed.

use serde_json::Value;

use super::super::draft::{Details, Draft, Segment, VIDEO};
use super::super::rows::Project;
use super::op::{Op, Outcome, pick, pick_text, seconds, text_of};

/// A picture on the timeline lasts so long, unless told.
const PICTURE_MS: u64 = 3000;

/// The canvas of a timeline made of uploads is at most this, on its longer side.
const LONGEST_SIDE: u64 = 1920;

/// Puts uploaded clips and pictures on the video track, in the order of upload.
pub(super) fn place_uploads(
    project: &mut Project,
    each_ms: Option<u64>,
    only: &[String],
    fresh: bool,
    zh: bool,
) -> Outcome {
    let wanted = |file: &&Value| {
        let name = text_of(file, "filename").unwrap_or_default();
        only.is_empty() || only.iter().any(|wanted| wanted == name)
    };
    let shown = |file: &&Value| matches!(text_of(file, "file_type"), Some("video" | "image"));
    let visible: Vec<&Value> = project.video_infos.iter().filter(shown).filter(wanted).collect();
    let Some(first) = visible.first() else {
        return Err(pick(
            zh,
            "There are no uploaded clips or pictures yet (sandbox).",
            "还没有上传素材（沙盒）。",
        ));
    };
    let (width, height) = canvas_of(first);
    let title = text_of(first, "filename").unwrap_or("project").to_owned();
    let old = project.draft.take().filter(|_| !fresh);
    let mut draft = old.unwrap_or_else(|| Draft::new(&title, width, height));
    let there: Vec<String> = draft.segments(VIDEO).filter_map(|clip| clip.m.url.clone()).collect();
    let mut placed = 0;
    for file in visible {
        if text_of(file, "cdn_url").is_some_and(|url| there.iter().any(|known| known == url)) {
            continue;
        }
        let (ms, details) = clip_of(file, each_ms);
        let segment = draft.segment('v', 0, ms, details);
        draft.track_mut(VIDEO).sg.push(segment);
        placed += 1;
    }
    if placed == 0 {
        return Err(pick(zh, "All uploaded files are on the timeline already.", "所有素材都已在时间线上。"));
    }
    project.draft = Some(draft);
    Ok(pick_text(
        zh,
        format!("Placed {placed} uploaded file(s) on the timeline."),
        format!("已将{placed}个素材放到时间线上。"),
    ))
}

fn canvas_of(file: &Value) -> (u32, u32) {
    let side = |key: &str| file.get(key).and_then(Value::as_u64).filter(|side| *side >= 16);
    let (Some(width), Some(height)) = (side("width"), side("height")) else { return (1920, 1080) };
    let longest = width.max(height).max(LONGEST_SIDE);
    let fit = |side: u64| u32::try_from((side * LONGEST_SIDE / longest).next_multiple_of(2)).unwrap_or(1080);
    (fit(width), fit(height))
}

fn clip_of(file: &Value, each_ms: Option<u64>) -> (u64, Details) {
    let source_ms =
        file.get("duration").and_then(Value::as_f64).map(|seconds| (seconds * 1000.0).round() as u64);
    let kind = text_of(file, "file_type").unwrap_or("video").to_owned();
    let whole = source_ms.filter(|ms| *ms > 0).unwrap_or(PICTURE_MS);
    let ms = if kind == "image" {
        each_ms.unwrap_or(PICTURE_MS)
    } else {
        each_ms.map_or(whole, |each| each.min(whole))
    };
    let details = Details {
        title: text_of(file, "filename").map(str::to_owned),
        url: text_of(file, "cdn_url").map(str::to_owned),
        source_ms: (kind == "video").then_some(whole),
        kind: Some(kind),
        ..Details::default()
    };
    (ms, details)
}

/// Puts an uploaded file where a clip was, with the clip's place and length.
pub(super) fn replace(project: &mut Project, number: usize, file: Option<&str>, zh: bool) -> Outcome {
    let fits = |it: &&Value| {
        matches!(text_of(it, "file_type"), Some("video" | "image"))
            && file.is_none_or(|name| {
                text_of(it, "filename").is_some_and(|known| known.eq_ignore_ascii_case(name))
            })
    };
    let new = project.video_infos.iter().rev().find(fits).map(|file| clip_of(file, None));
    let Some((ms, details)) = new else {
        return Err(pick(zh, "I find no uploaded file to put there.", "没有找到可用于替换的素材。"));
    };
    let clips: Vec<&mut Segment> =
        project.draft.iter_mut().flat_map(|draft| draft.segments_mut(VIDEO)).collect();
    let count = clips.len();
    let Some(clip) = clips.into_iter().nth(number.min(count.saturating_sub(1))) else {
        return Err(pick(zh, "The timeline is still empty.", "时间线还是空的。"));
    };
    if details.kind.as_deref() == Some("video") {
        clip.d = clip.d.min(ms);
    }
    clip.m = details;
    Ok(pick(zh, "The clip is replaced.", "片段已替换。"))
}

/// The changes that need nothing but the draft.
pub(super) fn change(op: &Op, draft: &mut Draft, zh: bool) -> Outcome {
    let too_short = || {
        let length = seconds(draft.d);
        Err(pick_text(zh, format!("The video is only {length} long."), format!("视频只有{length}。")))
    };
    match op {
        Op::CutRange { from, .. } | Op::KeepRange { from, .. } if *from >= draft.d => too_short(),
        Op::CutRange { from: 0, to } if *to >= draft.d => too_short(),
        Op::CutEnd { ms } if *ms >= draft.d => too_short(),
        Op::Split { at: Some(at) } if *at == 0 || *at >= draft.d => too_short(),
        Op::CutRange { from, to } => {
            cut(draft, *from, *to);
            Ok(pick_text(
                zh,
                format!("Cut {} to {}; the rest moved up.", seconds(*from), seconds(*to)),
                format!("已剪掉{}到{}的部分。", seconds(*from), seconds(*to)),
            ))
        }
        Op::KeepRange { from, to } => {
            let end = draft.d;
            cut(draft, *to, end);
            cut(draft, 0, *from);
            let now = to.min(&end) - from;
            Ok(pick_text(zh, format!("Trimmed to {}.", seconds(now)), format!("已剪辑为{}。", seconds(now))))
        }
        Op::CutEnd { ms } => {
            let end = draft.d;
            cut(draft, end - ms, end);
            Ok(pick_text(
                zh,
                format!("Cut the last {}.", seconds(*ms)),
                format!("已剪掉最后{}。", seconds(*ms)),
            ))
        }
        Op::Split { at } => {
            let at = at.unwrap_or(draft.d / 2);
            split(draft, at);
            Ok(pick_text(zh, format!("Split at {}.", seconds(at)), format!("已在{}处分割。", seconds(at))))
        }
        Op::Speed { factor } => {
            for clip in draft.segments_mut(VIDEO) {
                clip.d = ((clip.d as f64 / factor).round() as u64).max(100);
                clip.m.speed = Some(clip.m.speed.unwrap_or(1.0) * factor);
            }
            Ok(pick_text(
                zh,
                format!("The video now plays at {factor}x speed."),
                format!("视频已调整为{factor}倍速。"),
            ))
        }
        Op::Reorder { order } => {
            let clips = &mut draft.track_mut(VIDEO).sg;
            let mut places: Vec<usize> =
                order.iter().map(|n| (*n).min(clips.len().saturating_sub(1))).collect();
            places.dedup();
            let swap = places.len() == 2;
            if clips.len() < 2 || places.len() < 2 || places.iter().any(|place| *place >= clips.len()) {
                return Err(pick(zh, "There are not enough clips to reorder.", "片段不够，无法调整顺序。"));
            }
            if swap {
                clips.swap(places[0], places[1]);
            } else {
                let mut rest: Vec<Option<Segment>> = clips.drain(..).map(Some).collect();
                let first: Vec<Segment> = places.iter().filter_map(|n| rest.get_mut(*n)?.take()).collect();
                clips.extend(first.into_iter().chain(rest.into_iter().flatten()));
            }
            Ok(pick(zh, "The clips are in the new order.", "片段顺序已调整。"))
        }
        Op::Reverse => {
            draft.track_mut(VIDEO).sg.reverse();
            Ok(pick(zh, "The order of the clips is reversed.", "片段顺序已反转。"))
        }
        Op::RemoveClip { number } => {
            let clips = &mut draft.track_mut(VIDEO).sg;
            let at = (*number).min(clips.len().saturating_sub(1));
            if clips.is_empty() || (*number != usize::MAX && *number >= clips.len()) {
                return Err(pick(zh, "There is no such clip.", "没有这个片段。"));
            }
            clips.remove(at);
            Ok(pick_text(zh, format!("Clip {} is removed.", at + 1), format!("第{}个片段已删除。", at + 1)))
        }
        _ => Err(pick(zh, "I do not know how to do that.", "我还不会这个操作。")),
    }
}

/// Cuts every clip in two that runs across this time.
fn split(draft: &mut Draft, at: u64) {
    let clips: Vec<Segment> = std::mem::take(&mut draft.track_mut(VIDEO).sg);
    let mut parts = Vec::new();
    for mut clip in clips {
        if clip.s < at && at < clip.s + clip.d {
            let mut tail = draft.segment('v', at, clip.s + clip.d - at, clip.m.clone());
            clip.d = at - clip.s;
            let used = (clip.d as f64 * clip.m.speed.unwrap_or(1.0)).round() as u64;
            tail.m.in_ms = Some(clip.m.in_ms.unwrap_or(0) + used);
            tail.m.fade_in_ms = None;
            clip.m.fade_out_ms = None;
            parts.push(clip);
            parts.push(tail);
        } else {
            parts.push(clip);
        }
    }
    draft.track_mut(VIDEO).sg = parts;
}

/// Takes a stretch out of the clips, and moves text and sound behind it forward.
fn cut(draft: &mut Draft, from: u64, to: u64) {
    if to <= from {
        return;
    }
    split(draft, from);
    split(draft, to);
    for track in &mut draft.t {
        if track.tt == VIDEO {
            track.sg.retain(|clip| clip.s + clip.d <= from || clip.s >= to);
            continue;
        }
        for it in &mut track.sg {
            let (begin, end) = (moved(it.s, from, to), moved(it.s + it.d, from, to));
            (it.s, it.d) = (begin, end - begin);
        }
        track.sg.retain(|it| it.d > 0);
    }
}

/// Where a time stands after `from..to` is gone.
fn moved(time: u64, from: u64, to: u64) -> u64 {
    if time <= from { time } else { time.max(to) - (to - from) }
}
