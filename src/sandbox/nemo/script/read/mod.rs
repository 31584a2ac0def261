//! From a person's words to what is wanted: a video, changes, an answer, or nothing that can be done.

mod edit;
mod files;
mod generation;
mod sound;
mod vocabulary;

use self::edit::edit;
use self::generation::{generation, wants_clip};
use self::vocabulary::{FILM, MUSIC, TITLE, aspect};
use super::super::rows::Project;
use super::op::Op;
use super::words::Message;

pub(super) use self::vocabulary::style_of;

/// What a message wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Intent {
    /// Make a clip; the notes are limits worth a word.
    Generate { op: Op, notes: Vec<Note> },
    /// Change the timeline.
    Edit(Vec<Op>),
    /// Answer from the state.
    Ask,
    /// Say why not.
    Refuse(Refused),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    CappedLength,
    CappedSize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The shape of existing footage (NemoVideo documents: cannot change).
    Aspect,
    /// Music from a streaming site.
    Link,
    /// Not about video.
    OffTopic,
    /// An edit that the sandbox's agent does not understand.
    Unclear,
    Empty,
}

pub(super) fn intent(message: &Message, project: &Project) -> Intent {
    if message.text.trim().is_empty() {
        return Intent::Refuse(Refused::Empty);
    }
    if message.has(&["youtube.com", "youtu.be", "spotify", "soundcloud"]) {
        return Intent::Refuse(Refused::Link);
    }
    let has_draft = project.draft.is_some();
    let generates = wants_clip(message);
    if has_draft && !generates && changes_aspect(message) {
        return Intent::Refuse(Refused::Aspect);
    }
    if generates {
        return generation(message, project);
    }
    let question = message
        .begins(&["what", "how", "which", "who", "when", "where", "why", "is", "are", "does", "did"])
        || message.text.ends_with(['?', '？'])
            && !message.has(&["can you", "could you", "please", "would you"])
        || message.has(&["多长", "多少", "几个", "什么", "吗"]);
    if question && !message.has(&["把", "请"]) {
        return if about_video(message) { Intent::Ask } else { Intent::Refuse(Refused::OffTopic) };
    }
    let named = files::named(message, project);
    let spoken = message.without(&named);
    let ops = spoken.clauses().iter().filter_map(|clause| edit(clause, project)).collect();
    let ops = files::placed(&spoken, named, ops);
    if !ops.is_empty() {
        return Intent::Edit(ops);
    }
    if message.has(&[
        "poem",
        "essay",
        "email",
        "weather",
        "recipe",
        "translate this",
        "homework",
        "stock",
        "天气",
        "写一首",
        "写一篇",
        "菜谱",
    ]) {
        return Intent::Refuse(Refused::OffTopic);
    }
    let chats = message.begins(&[
        "hi",
        "hello",
        "hey",
        "thanks",
        "thank you",
        "ok",
        "great",
        "nice",
        "你好",
        "谢谢",
        "好的",
    ]);
    let words = message.text.split_whitespace().count();
    let says_much = words > 2 || message.is_chinese() && message.text.chars().count() > 3;
    let material = has_draft || project.video_infos.iter().any(files::is_visual);
    match (chats || !says_much, material) {
        (true, _) => Intent::Refuse(Refused::Unclear),
        // An empty project and a description: somebody says what the video should show.
        (false, false) => generation(message, project),
        // The real agent would do something about it; here it is at least written down.
        (false, true) => Intent::Edit(vec![Op::Note { note: message.whole() }]),
    }
}

fn about_video(message: &Message) -> bool {
    message.has(&FILM)
        || message.has(&TITLE)
        || message.has(&MUSIC)
        || message.has(&[
            "timeline",
            "track",
            "tracks",
            "long",
            "duration",
            "length",
            "clips",
            "aspect",
            "resolution",
            "project",
            "made",
            "here",
            "it",
            "时间线",
            "轨道",
            "多长",
            "时长",
            "分辨率",
            "项目",
            "现在",
        ])
}

fn changes_aspect(message: &Message) -> bool {
    aspect(message).is_some()
        && message.has(&[
            "change", "convert", "make", "turn", "crop", "switch", "set", "resize", "改", "换", "变", "转",
            "裁",
        ])
        && !message.has(&TITLE)
}
