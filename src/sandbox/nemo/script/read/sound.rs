//! Changes of music, volume and fades.

use super::super::super::draft::{AUDIO, VIDEO};
use super::super::super::rows::Project;
use super::super::op::Op;
use super::super::words::Message;
use super::generation::uploaded;
use super::vocabulary::{MUSIC, style_of};

pub(super) fn sound(clause: &Message, project: &Project, removes: bool) -> Option<Op> {
    let music = clause.has(&MUSIC);
    let original =
        clause.has(&["original sound", "original audio", "clip audio", "video sound", "原声", "voice"]);
    let volume = clause.has(&[
        "volume",
        "louder",
        "quieter",
        "softer",
        "lower the",
        "turn down",
        "turn up",
        "音量",
        "大声",
        "小声",
        "调低",
        "调高",
    ]);
    if !music && !original && !volume && !clause.has(&["mute", "unmute", "sound", "静音"]) {
        return None;
    }
    let track = if original || (!music && clause.has(&["video", "clip", "footage"])) { VIDEO } else { AUDIO };
    if clause.has(&["unmute", "取消静音"]) {
        return Some(Op::Mute { track, on: false });
    }
    if clause.has(&["mute", "silence", "静音"]) {
        return Some(Op::Mute { track, on: true });
    }
    if clause.has(&["fade", "淡入", "淡出"]) {
        return Some(fade(clause, AUDIO));
    }
    if removes && music {
        return Some(Op::RemoveTrack { track: AUDIO });
    }
    let adds = clause
        .has(&["add", "use", "put", "with", "need", "insert", "添加", "加", "配", "换", "replace", "change"])
        && style_of(clause).is_some()
        || clause.has(&["add", "put", "insert", "添加", "加上", "加一", "配上"]) && music;
    if volume && !clause.has(&["add", "添加", "加上"]) || !adds && clause.percent().is_some() {
        let down = clause.has(&["lower", "quieter", "softer", "down", "reduce", "小", "低"]);
        return Some(Op::Volume { track, to: clause.percent(), by: if down { -0.2 } else { 0.2 } });
    }
    if adds || music && clause.has(&["make", "generate", "create", "play", "生成"]) {
        let own = clause.has(&["my", "uploaded", "上传"]).then(|| uploaded(project, "audio")).flatten();
        let style = style_of(clause)
            .map_or_else(|| if own.is_some() { "Uploaded" } else { "Lo-fi" }.to_owned(), str::to_owned);
        return Some(Op::AddMusic { style, volume: clause.percent().unwrap_or(0.35), url: own });
    }
    None
}

pub(super) fn fade(clause: &Message, track: u8) -> Op {
    let into = clause.has(&["fade in", "fade-in", "fades in", "淡入"]);
    let out = clause.has(&["fade out", "fade-out", "fades out", "淡出"]);
    let both = into == out;
    Op::Fade {
        fade_in: into || both,
        fade_out: out || both,
        ms: clause.times_ms().first().copied().unwrap_or(1000),
        track,
    }
}
