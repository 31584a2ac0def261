//! Readings: what one clause asks for, by rules over its tags.

use super::clause::Clause;
use super::credits::credits;
use super::export::export;
use super::mask::done_first;
use super::question::question;
use super::state::state;
use super::upload::upload;
use super::{Intent, Reason};
use crate::nemo::words::{Kind, Tag, Token};

/// What a clause was taken for.
pub(super) struct Reading {
    pub reason: Reason,
}

/// The least weight at which a table action is believed; below it the clause goes to the editor.
const BELIEVED: f32 = 1.5;

/// Reads one clause. `None`: nothing is asked for (a greeting, a remark).
pub(super) fn read(clause: &Clause<'_>) -> Option<Reading> {
    let edit = first_edit(clause);
    let candidates = [export(clause, edit), credits(clause, edit), state(clause, edit), upload(clause, edit)];
    let best = candidates
        .into_iter()
        .flatten()
        .filter(|r| r.reason.weight >= BELIEVED)
        .max_by(|a, b| a.reason.weight.total_cmp(&b.reason.weight));
    if done_first(clause.tokens) {
        return Some(reading(clause, Intent::Edit, 0, "to be done first", 2.0));
    }
    best.or_else(|| question(clause))
        .or_else(|| edit.map(|at| reading(clause, Intent::Edit, at, "edit verb", 2.0)))
        .or_else(|| {
            let at = clause.live().find(|(_, t)| t.any(&[Tag::EditWord, Tag::Picture]))?.0;
            Some(reading(clause, Intent::Edit, at, "thing in a video", 1.0))
        })
}

/// A reading that rests on the word at `at`.
pub(super) fn reading(
    clause: &Clause<'_>,
    intent: Intent,
    at: usize,
    rule: &'static str,
    weight: f32,
) -> Reading {
    let span = clause.tokens.get(at).map_or((0, 0), |t| (t.start, t.end));
    Reading { reason: Reason { intent, rule, start: span.0, end: span.1, weight } }
}

/// The first live verb of editing that is a verb here ("the cut" and "a title" are not).
fn first_edit(clause: &Clause<'_>) -> Option<usize> {
    // "this edit", "B-roll": no verbs.
    let before = |i: usize| i.checked_sub(1).and_then(|b| clause.tokens.get(b));
    let named = |i: usize| {
        clause.tokens.get(i).is_some_and(|t| {
            t.glued && before(i).is_none_or(|b| b.norm != "re")
                || t.is(Tag::Video) && before(i).is_some_and(|b| matches!(b.norm.as_str(), "this" | "that"))
        })
    };
    let verb = |i: usize| !noun(clause, i) && !named(i);
    // 把错别字改了: an object before it makes a report a wish.
    let object = clause.tokens.iter().position(|t| matches!(t.norm.as_str(), "把" | "将"));
    let wished = |i: usize, t: &Token| t.is(Tag::Changed) && t.cjk() && object.is_some_and(|o| o < i);
    clause.live().find(|&(i, t)| t.is(Tag::Edit) && verb(i) || wished(i, t)).map(|(i, _)| i)
}

/// An article stands before it, at most one word away ("the download", "my last export").
pub(super) fn noun(clause: &Clause<'_>, at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).and_then(|b| clause.tokens.get(b));
    let article = |t: &Token| t.any(&[Tag::Det, Tag::Finished]) && !t.cjk() && !t.any(&[Tag::Edit, Tag::Ask]);
    let filler = |t: &Token| {
        !t.cjk()
            && t.kind == Kind::Word
            && (!t.tags.known()
                || matches!(t.norm.as_str(), "last" | "first" | "next" | "own" | "previous" | "new" | "old"))
    };
    let owner = |t: &Token| {
        !t.cjk() && t.norm.ends_with("'s") && !t.tags.known()
            || !t.cjk() && !t.is(Tag::Ask) && (t.norm.ends_with(" the") || t.norm.ends_with(" my"))
    };
    before(1).is_some_and(owner)
        || before(1).is_some_and(article)
            && !before(1).is_some_and(|t| matches!(t.norm.as_str(), "this" | "that"))
        || before(1).is_some_and(filler) && before(2).is_some_and(article)
}

/// Does the editing verb at `edit` stand before `at`?
pub(super) fn edit_before(edit: Option<usize>, at: usize) -> bool {
    edit.is_some_and(|e| e < at)
}

/// Is the word at `at` only the first half of a thing's name ("download icon")?
pub(super) fn next_is_thing(clause: &Clause<'_>, at: usize) -> bool {
    clause.tokens.get(at + 1).is_some_and(|n| {
        n.any(&[Tag::Ui, Tag::Other]) && !n.is(Tag::Func) || n.glued || n.mark() == Some('-')
    })
}

/// 导出好了吗, 上传到百分之几了: asks how far the doing at `at` is.
pub(super) fn asks_progress(clause: &Clause<'_>, at: usize) -> bool {
    let behind = clause.tokens.get(at + 1..).unwrap_or_default();
    let goes = behind.first().is_some_and(|t| {
        t.any(&[Tag::Progress, Tag::Done]) || matches!(t.norm.as_str(), "到" | "完" | "成功" | "好")
    });
    let asks = clause.asks
        || behind.iter().any(|t| t.any(&[Tag::Progress, Tag::HowMany]))
        || clause.tokens.last().is_some_and(|t| ["吗", "没", "没有"].iter().any(|e| t.norm.ends_with(e)));
    clause.tokens.get(at).is_some_and(Token::cjk) && goes && asks
}
