//! Does a clause hand media over, or want to?

use super::Intent;
use super::clause::Clause;
use super::reading::{Reading, asks_progress, edit_before, next_is_thing, noun, reading};
use crate::nemo::words::{Kind, Tag, Token};

/// Reads a clause as an upload; `edit` is the place of its first verb of editing.
pub(super) fn upload(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let media = c.any(&[Tag::Asset, Tag::FileWord, Tag::Video])
        && !c.any(&[Tag::EditWord, Tag::Uploaded, Tag::Exported]);
    let media = media || c.live().any(|(_, t)| t.norm.starts_with("use my "));
    let own = c.live().find(|(i, t)| {
        let device = c.tokens.get(i + 1..).unwrap_or_default().iter().take(2).any(|n| n.is(Tag::Device));
        t.norm.starts_with("use my ")
            || matches!(t.norm.as_str(), "my own" | "own" | "自己的" | "我自己的")
            || t.cjk() && t.is(Tag::Own) && t.norm.ends_with("的") && t.norm.len() > 6
            || matches!(t.norm.as_str(), "from my" | "from") && device
    });
    let possessed = c.tokens.windows(2).position(|w| {
        matches!(w, [h, n] if matches!(h.norm.as_str(), "i have" | "i've got" | "i have got" | "there are" | "there's" | "there is" | "we have" | "we've got")
            && (matches!(n.norm.as_str(), "a" | "an" | "some" | "two" | "several" | "more") || n.kind == Kind::Number || n.is(Tag::Asset)))
    });
    if let Some(at) = possessed.filter(|&at| {
        at <= 1
            && c.has(Tag::Device)
            && media
            && edit
                .and_then(|e| c.tokens.get(e))
                .is_none_or(|t| matches!(t.norm.as_str(), "add" | "use" | "put" | "include"))
            && all <= 1.0
            && !c.any(&[Tag::Save, Tag::Finished])
    }) {
        return Some(reading(c, Intent::Upload, at, "has media on a device", 2.0 - 0.4 * all));
    }
    let stored =
        c.has(Tag::Have) && c.has(Tag::I) && c.has(Tag::Device) && !c.any(&[Tag::Save, Tag::Give, Tag::Get]);
    let asked = c.tokens.first().is_some_and(|t| {
        matches!(t.norm.as_str(), "did" | "has" | "have" | "was" | "were" | "what" | "did my")
    });
    if asked {
        return None;
    }
    let takes = edit.and_then(|e| c.tokens.get(e)).is_none_or(|t| {
        t.norm.starts_with("use my ")
            || matches!(
                t.norm.as_str(),
                "add"
                    | "use"
                    | "use a"
                    | "use an"
                    | "use some"
                    | "put"
                    | "put my"
                    | "take the"
                    | "insert"
                    | "用"
                    | "加"
                    | "添加"
            )
    });
    if let Some((at, _)) =
        own.filter(|_| media && takes && all <= 1.0 && c.any(&[Tag::Ask, Tag::I, Tag::You, Tag::Question]))
    {
        return Some(reading(c, Intent::Upload, at, "own media", 2.2 - 0.4 * all));
    }
    if let Some(at) = c.find(Tag::Have).filter(|_| stored && media && takes && all <= 1.0) {
        return Some(reading(c, Intent::Upload, at, "media on a device", 2.0 - 0.4 * all));
    }
    // "How do I get my video in here?"
    let inward = c.tokens.windows(2).any(|w| matches!(w, [o, m] if o.norm == "my" && (m.any(&[Tag::Asset, Tag::Video]) || m.norm.ends_with('s'))))
        && c.tokens.iter().rev().take(3).any(|t| matches!(t.norm.as_str(), "in here" | "in there" | "here" | "to you" | "in" | "into this" | "over to you" | "across to you" | "up here" | "inside"))
        && c.tokens.iter().take(4).any(|t| t.any(&[Tag::Get, Tag::Put, Tag::Question]) || t.norm.starts_with("how do") || t.norm.starts_with("where do"));
    if let Some(at) = c.find(Tag::Own).filter(|_| {
        inward
            && all <= 1.0
            && !c.any(&[Tag::What, Tag::EditWord])
            && edit
                .is_none_or(|e| c.tokens.get(e).is_some_and(|t| t.is(Tag::Put) || t.norm.starts_with("put")))
    }) {
        return Some(reading(c, Intent::Upload, at, "brings media in", 2.2 - 0.4 * all));
    }
    let where_to = c.tokens.first().is_some_and(|t| {
        t.norm.starts_with("where do i") || t.norm == "where" || t.norm.starts_with("where should i")
    }) && c
        .tokens
        .iter()
        .any(|t| t.any(&[Tag::Put, Tag::Give, Tag::Upload]) || t.norm.starts_with("put"))
        && c.tokens.iter().any(|t| t.norm == "my" || t.norm.ends_with(" my"));
    let media_of_mine =
        c.any(&[Tag::Asset, Tag::FileWord, Tag::Video]) && !c.any(&[Tag::EditWord, Tag::Exported]);
    if where_to && media_of_mine && all <= 1.0 {
        return Some(reading(c, Intent::Upload, 0, "asks where to put media", 2.3 - 0.4 * all));
    }
    let handing =
        c.tokens.iter().take(3).any(|t| t.norm.starts_with("how do i") || t.norm.starts_with("how can i"))
            && c.tokens.iter().any(|t| {
                matches!(
                    t.norm.as_str(),
                    "hand over" | "hand" | "hand them over" | "hand it over" | "to you" | "give it to you"
                )
            });
    if let Some(at) = c.find(Tag::Give).filter(|_| handing && edit.is_none() && all <= 1.0) {
        return Some(reading(c, Intent::Upload, at, "gives it to you", 2.4 - 0.4 * all));
    }
    let goal = c.tokens.iter().any(|t| {
        matches!(t.norm.as_str(), "dir" | "ihnen" | "euch" | "te" | "toi" | "vous" | "voce" | "lhe")
    });
    if let Some(at) = c.find(Tag::Give).filter(|_| goal && media && edit.is_none() && all <= 2.0) {
        return Some(reading(c, Intent::Upload, at, "gives it to you", 2.2 - 0.3 * all));
    }
    let to_you = c.tokens.iter().position(|t| matches!(t.norm.as_str(), "给你" | "of mine"));
    let toward = c
        .tokens
        .windows(2)
        .position(|w| matches!(w, [t, y] if matches!(t.norm.as_str(), "to" | "with") && y.norm == "you"));
    let given =
        toward.filter(|_| c.has(Tag::Give) && c.any(&[Tag::Whole, Tag::Asset, Tag::Video, Tag::FileWord]));
    if let Some(at) = given.filter(|_| edit.is_none() && all <= 1.0) {
        return Some(reading(c, Intent::Upload, at, "gives it to you", 2.3 - 0.4 * all));
    }
    if let Some(at) = to_you.filter(|_| media && takes && all <= 1.0) {
        return Some(reading(c, Intent::Upload, at, "media for you", 2.2 - 0.4 * all));
    }
    let sends = c.tokens.windows(2).position(|w| matches!(w, [s, a] if matches!(s.norm.as_str(), "send" | "send over" | "share" | "give you" | "show you" | "send you") && matches!(a.norm.as_str(), "a" | "an" | "some" | "my")));
    if let Some(at) = sends.filter(|_| {
        media
            && all <= 1.0
            && c.tokens.iter().any(|t| {
                t.norm.starts_with("i ")
                    || matches!(t.norm.as_str(), "i" | "i'd like to" | "can i" | "let me" | "i'll")
            })
    }) {
        return Some(reading(c, Intent::Upload, at, "sends media", 2.0 - 0.4 * all));
    }
    let to_me = c.tokens.iter().any(|t| t.is(Tag::Give) && t.norm.ends_with(" me"))
        || c.tokens.iter().any(|t| t.norm == "to me");
    if let Some(at) = c.find(Tag::Attach).filter(|_| !to_me).filter(|&at| !edit_before(edit, at)) {
        return Some(reading(c, Intent::Upload, at, "speaks of an attachment", 2.4 - 0.3 * c.residue(0, n)));
    }
    let at = c
        .find(Tag::Upload)
        .filter(|&at| !edit_before(edit, at) && !next_is_thing(c, at) && (!noun(c, at) || c.has(Tag::Ask)))?;
    if asks_progress(c, at)
        || c.has(Tag::Platform)
        || c.tokens
            .get(..at)
            .unwrap_or_default()
            .iter()
            .any(|t| t.is(Tag::What) || !t.cjk() && t.any(&[Tag::HowMany, Tag::HowLong]))
    {
        return None;
    }
    // "I have a video of my kids dancing that I'd like to send you": what it shows does not matter.
    let to_you = c.tokens.get(at).is_some_and(|t| {
        t.norm.ends_with(" you") || t.norm.contains("you to ") || t.norm.ends_with(['你', '您'])
    });
    let have = c
        .tokens
        .iter()
        .take(3)
        .any(|t| matches!(t.norm.as_str(), "i have" | "i've" | "we have" | "we've" | "got"));
    let to_you = to_you || have;
    let picture = if c.has(Tag::Picture) && !to_you { 0.8 } else { 0.0 };
    let (before, behind) = if to_you { (0.2, 0.2) } else { (0.6, 0.3) };
    let weight = 2.6 - before * c.residue(0, at) - behind * c.residue(at + 1, n) - picture;
    Some(reading(c, Intent::Upload, at, "upload verb", weight))
}

/// Is the file or link at `at` handed over (and not a destination or a model)? `edits`: the message asks for an edit.
pub(super) fn hands_over(tokens: &[Token], at: usize, edits: bool) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    let before = tokens.get(at.saturating_sub(10)..at).unwrap_or_default();
    let near = tokens.get(at.saturating_sub(4)..at).unwrap_or_default();
    let after = tokens.get(at + 1..).unwrap_or_default();
    let after = after.get(..after.len().min(5)).unwrap_or_default();
    let has = |part: &[Token], tag: Tag| part.iter().any(|t| t.is(tag));
    let model = has(before, Tag::Ref) || has(after, Tag::Ref);
    // "Grab it from https://…"
    let source = near.iter().rev().take(2).any(|t| matches!(t.norm.as_str(), "from" | "从"));
    let destination = !source
        && near.iter().any(|t| t.any(&[Tag::Export, Tag::Save]))
        && !has(before, Tag::Upload)
        || !source
            && matches!(near.last(), Some(t) if matches!(t.norm.as_str(), "to" | "as" | "into" | "in" | "called" | "named" | "到" | "为" | "成" | "叫"))
            && before.iter().any(|t| t.any(&[Tag::Export, Tag::Save, Tag::Put, Tag::Give]));
    let shown = before.iter().any(|t| t.any(&[Tag::Attach, Tag::HereIs, Tag::Upload, Tag::Own]))
        || near.iter().any(|t| matches!(t.mark(), Some('📎' | '[' | '<' | '🎬' | '🎥')));
    match token.kind {
        Kind::Media => !destination && !model,
        Kind::File => !destination && !model && (shown || !edits),
        Kind::Link => !model && shown && !before.iter().any(|t| t.any(&[Tag::Export])),
        _ => false,
    }
}
