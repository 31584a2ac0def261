//! What the emulated agent can do to a project, and how it says so.

use serde_json::Value;

use super::super::draft::{AUDIO, Details, Segment, TEXT, VIDEO};
use super::super::rows::Project;
use super::{clips, generate};

/// One change. All times are in ms on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox::nemo) enum Op {
    Generate {
        prompt: String,
        ms: u64,
        width: u32,
        height: u32,
        append: bool,
        picture: Option<String>,
    },
    AddText {
        text: String,
        role: &'static str,
        position: &'static str,
        from: u64,
        to: Option<u64>,
        color: Option<String>,
    },
    ReplaceText {
        old: Option<String>,
        new: String,
    },
    RemoveText {
        which: Option<String>,
    },
    AddMusic {
        style: String,
        volume: f64,
        url: Option<String>,
    },
    Volume {
        track: u8,
        to: Option<f64>,
        by: f64,
    },
    Mute {
        track: u8,
        on: bool,
    },
    RemoveTrack {
        track: u8,
    },
    RemoveTrackNumber {
        number: usize,
    },
    CutRange {
        from: u64,
        to: u64,
    },
    KeepRange {
        from: u64,
        to: u64,
    },
    CutEnd {
        ms: u64,
    },
    Split {
        at: Option<u64>,
    },
    Speed {
        factor: f64,
    },
    Fade {
        fade_in: bool,
        fade_out: bool,
        ms: u64,
        track: u8,
    },
    Look {
        look: String,
    },
    /// Something that is beyond the sandbox: written on the clips, not drawn.
    Note {
        note: String,
    },
    /// Uploaded files onto the video track: all or `only` some, behind what is there or on a `fresh` timeline.
    PlaceUploads {
        each_ms: Option<u64>,
        only: Vec<String>,
        fresh: bool,
    },
    Reorder {
        order: Vec<usize>,
    },
    Reverse,
    RemoveClip {
        number: usize,
    },
    ReplaceClip {
        number: usize,
        file: Option<String>,
    },
    Undo,
}

/// What came of it, in one sentence of the user's language; or why it cannot be done.
pub(super) type Outcome = Result<String, String>;

impl Op {
    /// Applies the change. On an error nothing has changed. `zh` chooses Chinese.
    pub(in crate::sandbox::nemo) fn apply(&self, project: &mut Project, zh: bool) -> Outcome {
        let mut next = project.clone();
        let said = self.act(&mut next, zh)?;
        if let Some(draft) = &mut next.draft {
            draft.settle();
            if draft.t.is_empty() {
                next.draft = None;
            }
        }
        *project = next;
        Ok(said)
    }

    fn act(&self, project: &mut Project, zh: bool) -> Outcome {
        match self {
            Self::Generate { .. } => return generate::apply(self, project, zh),
            Self::PlaceUploads { each_ms, only, fresh } => {
                return clips::place_uploads(project, *each_ms, only, *fresh, zh);
            }
            Self::ReplaceClip { number, file } => {
                return clips::replace(project, *number, file.as_deref(), zh);
            }
            // The history lives outside the project; the turn that plays this op takes it from there.
            Self::Undo => return Ok(pick(zh, "The last change is undone.", "已撤销上一步修改。")),
            _ => {}
        }
        let Some(draft) = &mut project.draft else {
            return Err(pick(
                zh,
                "The timeline is still empty (sandbox). Upload a clip or ask me to generate a video first.",
                "时间线还是空的（沙盒）。请先上传素材，或者让我生成一段视频。",
            ));
        };
        match self {
            Self::AddText { text, role, position, from, to, color } => {
                let details = Details {
                    text: Some(text.clone()),
                    title: Some(text.clone()),
                    role: Some((*role).to_owned()),
                    position: Some((*position).to_owned()),
                    color: color.clone(),
                    ..Details::default()
                };
                if *from >= draft.d {
                    return Err(pick_text(
                        zh,
                        format!("The video is only {} long.", seconds(draft.d)),
                        format!("视频只有{}。", seconds(draft.d)),
                    ));
                }
                let end = to.unwrap_or(from + 3000).min(draft.d);
                let segment = draft.segment('t', *from, end - from, details);
                draft.track_mut(TEXT).sg.push(segment);
                Ok(pick_text(
                    zh,
                    format!("Added the {role} \"{text}\" from {} to {}.", seconds(*from), seconds(end)),
                    format!("已在{}到{}添加文字“{text}”。", seconds(*from), seconds(end)),
                ))
            }
            Self::ReplaceText { old, new } => {
                let fits = |it: &Segment| old.is_none() || it.m.text == *old;
                let Some(found) = draft.segments_mut(TEXT).find(|it| fits(it)) else {
                    return Err(no_text(zh));
                };
                let before = found.m.text.replace(new.clone()).unwrap_or_default();
                found.m.title = Some(new.clone());
                Ok(pick_text(
                    zh,
                    format!("The text \"{before}\" now reads \"{new}\"."),
                    format!("文字“{before}”已改为“{new}”。"),
                ))
            }
            Self::RemoveText { which } => {
                let before = draft.segments(TEXT).count();
                for track in draft.t.iter_mut().filter(|track| track.tt == TEXT) {
                    track.sg.retain(|it| which.is_some() && it.m.text != *which);
                }
                if draft.segments(TEXT).count() == before {
                    Err(no_text(zh))
                } else {
                    Ok(pick(zh, "The text is removed.", "文字已删除。"))
                }
            }
            Self::AddMusic { style, volume, url } => {
                let length = draft.d;
                let details = Details {
                    title: Some(style.clone()),
                    kind: Some(if url.is_some() { "audio" } else { "music" }.to_owned()),
                    prompt: url.is_none().then(|| style.clone()),
                    url: url.clone(),
                    volume: Some(*volume),
                    ..Details::default()
                };
                let segment = draft.segment('a', 0, length, details);
                draft.track_mut(AUDIO).sg = vec![segment];
                Ok(pick_text(
                    zh,
                    format!(
                        "{style} background music now plays under the whole video at {}.",
                        percent(*volume)
                    ),
                    format!("已为整个视频添加{style}背景音乐，音量{}。", percent(*volume)),
                ))
            }
            Self::Volume { track, to, by } => {
                let mut heard = None;
                for it in draft.segments_mut(*track) {
                    let before = it.m.volume.unwrap_or(1.0);
                    let after = round(to.unwrap_or(before + by).clamp(0.0, 2.0));
                    it.m.volume = Some(after);
                    it.m.muted = None;
                    heard = Some((before, after));
                }
                let Some((before, after)) = heard else { return Err(no_music(zh)) };
                Ok(pick_text(
                    zh,
                    format!("Volume changed from {} to {}.", percent(before), percent(after)),
                    format!("音量已从{}调整为{}。", percent(before), percent(after)),
                ))
            }
            Self::Mute { track, on } => {
                let mut some = false;
                for it in draft.segments_mut(*track) {
                    it.m.muted = on.then_some(true);
                    some = true;
                }
                if !some {
                    return Err(no_music(zh));
                }
                Ok(if *on {
                    pick(zh, "The sound is muted.", "已静音。")
                } else {
                    pick(zh, "The sound is back.", "已恢复声音。")
                })
            }
            Self::RemoveTrack { track } => {
                let before = draft.t.len();
                draft.t.retain(|it| it.tt != *track);
                if draft.t.len() == before {
                    Err(no_music(zh))
                } else {
                    Ok(pick(zh, "The track is removed.", "轨道已删除。"))
                }
            }
            Self::RemoveTrackNumber { number } => {
                if *number >= draft.t.len() {
                    let count = draft.t.len();
                    return Err(pick_text(
                        zh,
                        format!("There are only {count} tracks."),
                        format!("只有{count}条轨道。"),
                    ));
                }
                draft.t.remove(*number);
                Ok(pick_text(
                    zh,
                    format!("Track {} is removed.", number + 1),
                    format!("第{}条轨道已删除。", number + 1),
                ))
            }
            Self::Look { look } => {
                for clip in draft.segments_mut(VIDEO) {
                    clip.m.look = Some(look.clone());
                }
                Ok(pick_text(
                    zh,
                    format!("The whole video now has a {look} look."),
                    format!("整个视频已应用“{look}”效果。"),
                ))
            }
            Self::Note { note } => {
                for clip in draft.segments_mut(VIDEO) {
                    clip.m.note = Some(note.clone());
                }
                Ok(pick_text(
                    zh,
                    format!(
                        "Noted on the clips: \"{note}\". The sandbox does not draw that; the real service would."
                    ),
                    format!("已在片段上记下：“{note}”。沙盒不会绘制这个效果，真实服务会处理。"),
                ))
            }
            Self::Fade { fade_in, fade_out, ms, track } => {
                let mut segments: Vec<&mut Segment> = draft.segments_mut(*track).collect();
                if let Some(first) = segments.first_mut().filter(|_| *fade_in) {
                    first.m.fade_in_ms = Some(*ms);
                }
                if let Some(last) = segments.last_mut().filter(|_| *fade_out) {
                    last.m.fade_out_ms = Some(*ms);
                }
                if segments.is_empty() {
                    return Err(no_music(zh));
                }
                Ok(pick_text(
                    zh,
                    format!("Added a fade of {}.", seconds(*ms)),
                    format!("已添加{}的淡入淡出。", seconds(*ms)),
                ))
            }
            _ => clips::change(self, draft, zh),
        }
    }
}

fn no_text(zh: bool) -> String {
    pick(zh, "There is no such text on the timeline.", "时间线上没有这段文字。")
}

fn no_music(zh: bool) -> String {
    pick(zh, "There is no such track on the timeline.", "时间线上没有这条轨道。")
}

/// The sentence in the user's language.
pub(super) fn pick(zh: bool, english: &str, chinese: &str) -> String {
    if zh { chinese } else { english }.to_owned()
}

pub(super) fn pick_text(zh: bool, english: String, chinese: String) -> String {
    if zh { chinese } else { english }
}

/// `3s`, `2.5s`.
pub(super) fn seconds(ms: u64) -> String {
    format!("{}s", ms as f64 / 1000.0)
}

pub(super) fn percent(volume: f64) -> String {
    format!("{}%", (volume * 100.0).round())
}

/// Two decimals, so that 35 % is 0.35 after any sum.
fn round(volume: f64) -> f64 {
    (volume * 100.0).round() / 100.0
}

/// One text of a file object of `video_infos`.
pub(in crate::sandbox::nemo) fn text_of<'a>(file: &'a Value, key: &str) -> Option<&'a str> {
    file.get(key)?.as_str()
}
