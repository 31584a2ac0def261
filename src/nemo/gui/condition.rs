//! Conditions: what the rest of a sentence waits for.

use super::chinese;
use super::sentence::Clause;
use crate::nemo::words::{Tag, Token};

/// Is it a condition or a point in time the rest waits for?
pub(super) fn conditional(clause: &Clause) -> bool {
    let Some(first) = clause
        .tokens
        .iter()
        .find(|t| !t.any(&[Tag::And, Tag::But, Tag::Then]) || t.any(&[Tag::If, Tag::When, Tag::After]))
    else {
        return false;
    };
    let head = first.any(&[Tag::If, Tag::When, Tag::After]) && !first.is(Tag::Then)
        || first.is(Tag::Happy) && first.cjk()
        || first.norm == "if you would" && clause.tokens.iter().any(|t| t.is(Tag::Happy))
        || matches!(first.norm.as_str(), "should you" | "until" | "assuming" | "as long as");
    let tail = clause.tokens.iter().any(|t| {
        t.cjk()
            && matches!(
                t.norm.as_str(),
                "觉得"
                    | "的话"
                    | "如果"
                    | "如"
                    | "若"
                    | "要是"
                    | "如需"
                    | "假如"
                    | "需要的话"
                    | "满意"
                    | "无误"
            )
    }) || clause.tokens.last().is_some_and(|t| {
        matches!(t.norm.as_str(), "后" | "之后" | "以后" | "时" | "的时候" | "无误" | "没问题")
    });
    head || tail || chinese::awaits_you(&clause.tokens)
}

/// Does a clause behind an instruction make it wait ("…, provided you like it", 前提是…)?
pub(super) fn awaited(clause: &Clause) -> bool {
    !clause.joined
        && clause.tokens.iter().find(|t| !t.any(&[Tag::But]) && t.norm != "only").is_some_and(|t| {
            t.is(Tag::If)
                || matches!(
                    t.norm.as_str(),
                    "as long as"
                        | "once"
                        | "when"
                        | "as soon as"
                        | "whenever"
                        | "只要"
                        | "如果"
                        | "若"
                        | "前提是"
                        | "前提"
                )
        })
        && !clause.tokens.iter().any(|t| matches!(t.norm.as_str(), "fails" | "error" | "失败" | "failed"))
}

/// Is the verb at `verb` said under a condition, before or behind it?
pub(super) fn conditioned(tokens: &[Token], verb: usize) -> bool {
    let (pre, post) = tokens.split_at(verb.min(tokens.len()));
    let ahead = pre.iter().any(|t| {
        t.any(&[Tag::If, Tag::Can]) && !t.any(&[Tag::Func])
            || t.is(Tag::Happy) && (t.cjk() && !t.is(Tag::Should))
    }) || pre
        .iter()
        .any(|t| t.cjk() && (t.is(Tag::Can) || matches!(t.norm.as_str(), "时" | "的时候" | "的话")));
    // 看过之后点击: after a look of the user's own.
    let looked = pre.iter().any(|t| t.cjk() && t.is(Tag::Preview))
        && pre.iter().any(|t| matches!(t.norm.as_str(), "后" | "之后"));
    let ahead = ahead || looked || chinese::awaits_you(pre);
    let behind = post.iter().enumerate().any(|(i, t)| {
        let you = post.get(i + 1).is_some_and(|n| n.any(&[Tag::You, Tag::Happy]));
        t.any(&[Tag::If, Tag::When, Tag::After]) && !t.cjk() && (you || t.norm == "if")
            || matches!(
                t.norm.as_str(),
                "whenever you're ready" | "when ready" | "whenever you like" | "if needed" | "whenever"
            )
    });
    ahead || behind
}
