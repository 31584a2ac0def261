//! Wishes for the thing that one is owed: "send me the video of the school fair", "make me a file I can post".
//!
//! What the video shows does not matter here: a verb of giving or wanting, then the definite thing, is enough.

use super::Intent;
use super::clause::Clause;
use super::reading::{Reading, reading};
use crate::nemo::words::{Kind, Tag, Token};

/// Verbs that hand over, whatever their object.
#[rustfmt::skip]
const HAND: &[&str] = &[
    "send", "hand", "pass", "deliver", "email", "mail", "dm", "shoot", "text", "forward", "ship", "slip",
    "spit", "cough", "push", "return", "share", "drop", "provide", "hit", "fork", "slide", "throw", "post",
];
#[rustfmt::skip]
const MAKE: &[&str] = &[
    "make", "make me", "make me a", "make me an", "make a", "make us a", "create a", "turn it", "turn this",
    "produce", "turn", "make this", "make it", "convert", "convert it",
];
/// Words behind the thing that say how or what for, not what it should be like.
#[rustfmt::skip]
const TAIL: &[&str] = &[
    "so", "for", "on", "as", "in", "by", "today", "now", "asap", "please", "before", "and", "to", "at",
    "because", "already", "thanks", "out", "over", "here", "back", "pls", "tonight", "this", "right",
    "straight", "as soon as possible", "onto", "via",
];

/// Reads a clause as a wish for the finished thing; `edit` is the place of its first verb of editing.
pub(super) fn owed(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    english(c, edit).or_else(|| han(c, edit)).or_else(|| other(c, edit))
}

fn english(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let live = |i: usize| c.live.get(i).copied().unwrap_or(false);
    let (at, verb) = c
        .live()
        .find(|(_, t)| !t.cjk() && (t.any(&[Tag::Give, Tag::Get]) || MAKE.contains(&t.norm.as_str())))?;
    if edit.is_some_and(|e| e < at)
        || c.tokens.get(..at)?.iter().any(|t| t.any(&[Tag::What, Tag::Picture, Tag::Person]))
    {
        return None;
    }
    // "I already have the file": told.
    let told = matches!(verb.norm.as_str(), "have" | "has" | "got" | "had" | "has got")
        && !c.tokens.get(..at)?.iter().any(|t| t.is(Tag::Ask));
    if told {
        return None;
    }
    let hands = verb.norm.split(' ').next().is_some_and(|w| HAND.contains(&w))
        || matches!(verb.norm.as_str(), "let me have" | "get me" | "bring me")
        || verb.is(Tag::Give) && verb.norm.contains(" us");
    let light = |t: &Token| {
        t.any(&[Tag::Filler, Tag::I, Tag::Ask, Tag::SoFar]) && !t.is(Tag::Det)
            || matches!(t.norm.as_str(), "to" | "me" | "us" | "over" | "of" | "into" | "it")
    };
    let mut i = at + 1;
    // "Make this a video file".
    if matches!(c.tokens.get(i..i + 2), Some([a, b]) if matches!(a.norm.as_str(), "this" | "that") && matches!(b.norm.as_str(), "a" | "an" | "into"))
    {
        i += 1;
    }
    while c.tokens.get(i).is_some_and(light) {
        i += 1;
    }
    let det = c.tokens.get(i)?;
    let whole = matches!(det.norm.as_str(), "the cut" | "the edit" | "the final" | "the lot")
        || det.norm == "the" && c.tokens.get(i + 1).is_some_and(|t| t.norm == "final");
    if whole && edit.is_none() && (HAND.contains(&verb.norm.as_str()) || verb.is(Tag::Give)) {
        return Some(reading(
            c,
            Intent::Export,
            at,
            "hand over what was made",
            2.2 - 0.2 * c.residue(0, c.tokens.len()),
        ))
        .filter(|r| r.reason.weight >= 1.5);
    }
    let within = verb.norm.ends_with(" a") || verb.norm.ends_with(" an");
    let definite = matches!(det.norm.as_str(), "the" | "my" | "our" | "this" | "that" | "your") && !within;
    let any = matches!(det.norm.as_str(), "a" | "an" | "one" | "some");
    let from = i + usize::from(definite || any);
    let any = any || within || det.norm.starts_with("a file");
    let near = c.tokens.get(from..)?;
    let word = |t: &Token| t.norm.split(' ').next().unwrap_or_default().to_owned();
    let film = |t: &Token| {
        const FILMS: &[&str] =
            &["video", "clip", "movie", "film", "vid", "reel", "cut", "montage", "slideshow", "trailer"];
        FILMS.contains(&word(t).as_str()) || hands && t.is(Tag::Video) && !t.any(&[Tag::EditWord, Tag::Asset])
    };
    let filed = |t: &Token| t.any(&[Tag::FileWord, Tag::Container]) && !t.norm.ends_with("files");
    // "Something I can send over": a file.
    let handy = |t: &Token| {
        t.any(&[Tag::Give, Tag::Upload, Tag::Save, Tag::Platform])
            || matches!(t.norm.as_str(), "play" | "watch" | "keep" | "post" | "hand" | "attach")
    };
    let something = det.norm == "something"
        && c.tokens.iter().any(|t| t.norm.ends_with("i can") || t.norm.ends_with("we can") || t.norm == "to")
        && c.tokens.get(i + 1..)?.iter().take(4).any(handy);
    if something && c.residue(0, c.tokens.len()) <= 2.0 {
        return Some(reading(c, Intent::Export, at, "something to hand on", 2.1));
    }
    let thing =
        near.iter().take(3).position(|t| film(t) || filed(t) || t.is(Tag::Finished) && t.is(Tag::Video))?;
    let object = near.get(thing)?;
    let tail = near.get(thing + 1..).unwrap_or_default();
    let start = from + thing + 1;
    let altered = tail.iter().enumerate().any(|(n, t)| {
        live(start + n) && t.is(Tag::Edit) && !t.any(&[Tag::Give, Tag::Get, Tag::Save, Tag::Put])
            || t.is(Tag::Uploaded)
            || t.is(Tag::EditWord) && (!hands || t.norm.ends_with("er") || t.norm.starts_with("too "))
    });
    let next = tail.first();
    // "I'd like my video now": to have it, as nothing says what it should become.
    let bare = next.is_none_or(|t| {
        t.any(&[Tag::SoFar, Tag::Ask, Tag::Filler, Tag::Later])
            || matches!(word(t).as_str(), "now" | "today" | "tonight" | "by" | "asap" | "for" | "before")
    });
    let toward = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "left" | "right" | "side" | "corner"))
        || c.tokens
            .windows(2)
            .any(|w| matches!(w, [t, y] if matches!(t.norm.as_str(), "to" | "with") && y.norm == "you"));
    let back =
        verb.is(Tag::Get) && !verb.norm.starts_with("get") && definite && thing == 0 && bare && film(object);
    if back && !toward && !altered && c.residue(0, c.tokens.len()) <= 1.0 {
        return Some(reading(c, Intent::Export, at, "wants the video", 1.9));
    }
    if altered
        || toward
        || near.get(..thing)?.iter().any(|t| t.any(&[Tag::Edit, Tag::EditWord, Tag::Picture, Tag::Uploaded]))
    {
        return None;
    }
    let aimed = next.is_none_or(|t| {
        TAIL.contains(&word(t).as_str()) || t.any(&[Tag::Purpose, Tag::Device, Tag::Container])
    });
    let to_be = tail.get(..tail.len().min(4))?.windows(2).any(|w| matches!(w, [t, v] if t.norm == "to" && v.kind == Kind::Word && !v.any(&[Tag::Det, Tag::Device, Tag::Give, Tag::Put, Tag::Save, Tag::Person])));
    let residue = c.residue(0, at) + 0.1 * c.residue(at, c.tokens.len());
    let wants = definite
        && (hands || filed(object) && !c.has(Tag::Own) || aimed && !to_be && object.any(&[Tag::Finished]))
        || definite
            && next.is_none()
            && film(object)
            && (verb.norm.starts_with("how do i")
                || verb.norm.starts_with("how can i")
                || verb.norm.starts_with("where"))
        || definite && verb.norm.starts_with("give") && next.is_none_or(|t| TAIL.contains(&word(t).as_str()));
    // "Make me a file out of it", "a file I can email".
    let out = tail.iter().take(3).any(|t| {
        matches!(word(t).as_str(), "out" | "of" | "from" | "that" | "which" | "i" | "we" | "to" | "for")
    }) || tail.is_empty();
    let made = any && filed(object) && out && !c.any(&[Tag::Upload, Tag::Asset]) | object.is(Tag::FileWord);
    (wants && !(verb.is(Tag::Get) && !verb.is(Tag::Give) && to_be)
        || made && verb.any(&[Tag::Give, Tag::Get, Tag::Edit]))
    .then(|| reading(c, Intent::Export, at, "hand over what was made", 2.3 - residue))
    .filter(|r| r.reason.weight >= 1.5)
}

const MADE: &[&str] =
    &["弄", "弄个", "做个", "做成", "出个", "搞个", "整个", "弄成", "转成", "转为", "来个", "做一个"];

/// 给我一个能发到群里的视频文件: what stands last is the file.
fn han(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let at = c
        .live()
        .find(|(_, t)| {
            t.cjk()
                && (t.is(Tag::Give)
                    || matches!(
                        t.norm.as_str(),
                        "要" | "我要" | "我想要" | "想要" | "需要" | "拿到" | "怎么拿" | "领" | "获取"
                    )
                    || MADE.contains(&t.norm.as_str()))
        })?
        .0;
    let made = c.tokens.get(at).is_some_and(|t| MADE.contains(&t.norm.as_str()));
    let back = c.tokens.last().is_some_and(|t| t.is(Tag::Give) && t.norm.contains('我'));
    let last = c.tokens.iter().rposition(|t| {
        !(t.any(&[Tag::Filler])
            || back && t.is(Tag::Give)
            || t.cjk() && matches!(t.norm.as_str(), "吧" | "啊" | "呗" | "哈" | "一下" | "啦" | "呀"))
    })?;
    let object = c.tokens.get(last)?;
    let filed = object.cjk() && object.any(&[Tag::FileWord, Tag::Container])
        || object.is(Tag::Finished) && object.is(Tag::Video);
    let mine = c
        .tokens
        .iter()
        .any(|t| t.norm.contains('你') || t.norm.contains('您') || t.any(&[Tag::Upload, Tag::Own]));
    let weight = 2.1 - 0.2 * c.residue(0, c.tokens.len());
    let edit = edit.filter(|&e| !c.tokens.get(e).is_some_and(|t| MADE.contains(&t.norm.as_str())));
    (filed && last > at && edit.is_none() && (!made || back) && !mine && weight >= 1.5)
        .then(|| reading(c, Intent::Export, at, "hand over what was made", weight))
}

/// "Ich brauche die Datei": in the other languages, the definite file and a verb of wanting or giving.
fn other(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let file = c.live().position(|(_, t)| {
        matches!(t.norm.as_str(), "datei" | "archivo" | "fichero" | "fichier" | "arquivo" | "ファイル")
    })?;
    let owned = c.tokens.iter().any(|t| {
        matches!(
            t.norm.as_str(),
            "mi" | "mein" | "meine" | "mon" | "ma" | "meu" | "minha" | "un" | "une" | "ein" | "eine" | "um"
        )
    });
    let at = c.live().find(|(_, t)| t.any(&[Tag::Ask, Tag::Get, Tag::Give]))?.0;
    let ours = c.any(&[Tag::Upload, Tag::Attach, Tag::What, Tag::Project, Tag::Question]);
    (edit.is_none() && !owned && !ours && file > 0 && c.residue(0, c.tokens.len()) <= 1.0)
        .then(|| reading(c, Intent::Export, at, "hand over what was made", 1.9))
}
