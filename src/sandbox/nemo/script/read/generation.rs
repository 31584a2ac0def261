//! A clip to be made: what it shows, how long, in which shape.

use super::super::super::rows::Project;
use super::super::op::{Op, text_of};
use super::super::words::Message;
use super::vocabulary::{FILM, MAKE, MUSIC, TITLE, aspect};
use super::{Intent, Note};

/// The longest clip in ms.
const LONGEST_MS: u64 = 120_000;

pub(super) fn wants_clip(message: &Message) -> bool {
    if message.has(&["slideshow", "slide show", "幻灯片"]) {
        return false;
    }
    let object = |from: usize| {
        let rest = message.lower.get(from..).unwrap_or_default();
        Message::new(&rest.split_whitespace().take(4).collect::<Vec<_>>().join(" "))
    };
    if let Some((_, end)) = message.find(&MAKE) {
        let near = object(end);
        let other = near.has(&TITLE) || near.has(&MUSIC) || near.has(&["voiceover", "transition"]);
        return !other || near.has(&FILM);
    }
    if message.has(&["再来一个", "redo"]) {
        return true;
    }
    message.find(&["make me", "make", "i want", "i need", "give me", "animate"]).is_some_and(|(_, end)| {
        let near = object(end);
        message.has(&FILM)
            && near.begins(&["a", "an", "another", "one", "this photo"])
            && !near.has(&TITLE)
            && !near.has(&MUSIC)
    })
}

pub(super) fn generation(message: &Message, project: &Project) -> Intent {
    let mut notes = Vec::new();
    let mut ms = message.times_ms().into_iter().max().unwrap_or(10_000).max(1000);
    if ms > LONGEST_MS {
        ms = LONGEST_MS;
        notes.push(Note::CappedLength);
    }
    let side = if message.has(&["360p"]) {
        360
    } else if message.has(&["480p"]) {
        480
    } else if message.has(&["540p"]) {
        540
    } else if message.has(&["720p", "hd 720"]) {
        720
    } else {
        if message.has(&["4k", "2160p", "1440p", "2k", "8k"]) {
            notes.push(Note::CappedSize);
        }
        1080
    };
    let (wide, high) = aspect(message).unwrap_or((16, 9));
    let (width, height) = size(side, wide, high);
    let picture = message
        .has(&["animate", "this photo", "this picture", "this image", "my photo", "让图片", "这张照片"])
        .then(|| uploaded(project, "image"))
        .flatten();
    let append = message.has(&[
        "another",
        "append",
        "next scene",
        "add a clip",
        "second clip",
        "再",
        "追加",
        "另一个",
    ]) && project.draft.is_some();
    let op = Op::Generate { prompt: subject(message), ms, width, height, append, picture };
    Intent::Generate { op, notes }
}

/// A canvas with this shorter side, at most 1920 on the longer one, both even.
fn size(side: u32, wide: u32, high: u32) -> (u32, u32) {
    let longer = |short: u32, a: u32, b: u32| (short * a / b).next_multiple_of(2);
    let (width, height) =
        if wide >= high { (longer(side, wide, high), side) } else { (side, longer(side, high, wide)) };
    if width.max(height) <= 1920 {
        (width, height)
    } else if width > height {
        (1920, (1920 * height / width).next_multiple_of(2))
    } else {
        ((1920 * width / height).next_multiple_of(2), 1920)
    }
}

/// What the clip shows: the request without its frame.
fn subject(message: &Message) -> String {
    let whole = message.whole();
    // Wishes such as the length may follow in a paragraph of their own.
    let whole = whole.split("\n\n").next().unwrap_or_default().trim().to_owned();
    let lower = whole.to_ascii_lowercase();
    let mut subject = whole.as_str();
    if let Some(at) = lower.find(" of ").or_else(|| lower.find(" about ")).or_else(|| lower.find(" showing "))
    {
        let after = whole.get(at + 1..).unwrap_or_default();
        subject = after.split_once(' ').map_or(after, |(_, rest)| rest);
    } else {
        for word in ["please ", "generate ", "create ", "make ", "produce ", "me ", "a ", "an ", "video "] {
            if subject.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word)) {
                subject = subject.get(word.len()..).unwrap_or_default();
            }
        }
    }
    for article in ["a ", "an ", "the "] {
        if subject.get(..article.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(article)) {
            subject = subject.get(article.len()..).unwrap_or_default();
            break;
        }
    }
    let mut subject = subject.trim().trim_end_matches(['.', '!', '。', '！']).to_owned();
    if message.is_chinese() {
        for word in [
            "请",
            "帮我",
            "生成",
            "制作",
            "创建",
            "一个",
            "一段",
            "做",
            "的视频",
            "的短片",
            "视频",
            "短片",
            "竖屏",
            "横屏",
        ] {
            subject = subject.replace(word, "");
        }
        let without =
            subject.split_once("秒").map(|(_, rest)| rest.trim_start_matches(['钟', '的']).to_owned());
        subject = without.filter(|rest| !rest.is_empty()).unwrap_or(subject);
        subject = subject.trim_matches(['的', '，', '。', ' ']).to_owned();
    }
    if subject.is_empty() { whole } else { subject }
}

pub(super) fn uploaded(project: &Project, kind: &str) -> Option<String> {
    let file = project.video_infos.iter().rev().find(|file| text_of(file, "file_type") == Some(kind))?;
    text_of(file, "cdn_url").map(str::to_owned)
}
