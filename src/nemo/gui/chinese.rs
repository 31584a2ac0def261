//! Chinese clauses: is the verb in one said to the reader?

use super::mood::Mood;
use super::sentence::Clause;
use crate::nemo::words::{Kind, Tag, Token};

/// Words that close a condition in the middle of a Chinese clause.
pub(super) const CONDITION_ENDS: &[&str] = &["的话", "后", "之后", "就", "请"];

/// How the verb behind `pre` is said, `next` being the word after it; as `mood::manner`.
pub(super) fn manner(pre: &[Token], next: Option<&Token>, clause: &Clause, before: Mood) -> Option<Mood> {
    if next.is_some_and(|n| matches!(n.norm.as_str(), "了" | "着" | "的" | "过" | "后的") && n.cjk()) {
        return None;
    }
    if next.is_some_and(|n| n.is(Tag::Already) && n.cjk()) {
        return None;
    }
    if consequence(pre, next, clause) {
        return Some(Mood::NotYou);
    }
    let person = pre.iter().any(|t| t.any(&[Tag::You]));
    if pre
        .iter()
        .any(|t| t.any(&[Tag::Will, Tag::Already, Tag::Passive, Tag::I]) && t.cjk() && !t.any(&[Tag::Should]))
        && !person
    {
        return Some(Mood::NotYou);
    }
    if pre.iter().any(|t| t.is(Tag::Already) && t.cjk()) && !pre.iter().any(|t| t.norm == "请") {
        return Some(Mood::NotYou);
    }
    if pre.iter().any(|t| t.any(&[Tag::Picture]))
        && !pre.iter().any(|t| matches!(t.norm.as_str(), "请" | "把" | "将" | "可以"))
    {
        return None;
    }
    if before == Mood::Theirs && !person && !pre.iter().any(|t| t.norm == "请") {
        return Some(Mood::NotYou);
    }
    let question = clause.tokens.iter().any(|t| {
        matches!(t.norm.as_str(), "吗" | "是否" | "要不要" | "是不是" | "没有" | "需不需要")
            && t.is(Tag::Question)
    });
    if question {
        return Some(Mood::NotYou);
    }
    // An object before the verb (把 …), a place (在 …) or a condition may stand before it, nothing else.
    let opener = |t: &Token| {
        matches!(t.norm.as_str(), "把" | "将" | "在" | "从" | "用" | "于" | "到" | "去")
            || t.any(&[Tag::If, Tag::Happy])
    };
    let mut open = false;
    let stray = pre.iter().filter(|t| t.kind == Kind::Word).any(|t| {
        open |= opener(t);
        !(open
            || t.any(&[
                Tag::Should,
                Tag::Can,
                Tag::Func,
                Tag::Then,
                Tag::You,
                Tag::SoFar,
                Tag::Place,
                Tag::Filler,
                Tag::Panel,
                Tag::Timeline,
                Tag::After,
                Tag::Ask,
            ]))
    });
    let cut = pre.iter().rposition(|t| CONDITION_ENDS.contains(&t.norm.as_str()));
    let stray = stray
        && !cut.is_some_and(|c| {
            pre.iter().skip(c + 1).all(|t| {
                t.kind != Kind::Word
                    || opener(t)
                    || t.any(&[
                        Tag::Should,
                        Tag::Can,
                        Tag::Func,
                        Tag::Then,
                        Tag::You,
                        Tag::Timeline,
                        Tag::Panel,
                        Tag::Place,
                    ])
            }) || pre.iter().skip(c + 1).any(opener)
        });
    if stray && !pre.last().is_some_and(|t| matches!(t.norm.as_str(), "后" | "之后" | "请" | "可以")) {
        return None;
    }
    if before == Mood::NotYou
        && pre.first().is_some_and(|t| t.any(&[Tag::And, Tag::Then]) && t.norm != "请")
        && !person
        && !pre.iter().any(|t| t.norm == "请")
    {
        return Some(Mood::NotYou);
    }
    let offered = before == Mood::Offered && !pre.iter().any(|t| t.norm == "现在");
    Some(if offered { Mood::Offered } else { Mood::Asked })
}

/// 点击两次只会多存一份, 预览会自动打开, 拖拽我都能代劳: tells what happens, or what the agent does.
fn consequence(pre: &[Token], next: Option<&Token>, clause: &Clause) -> bool {
    let happens = |t: &Token| {
        t.cjk()
            && ["会", "只会", "就会", "将会", "不会", "我都", "我能", "我可以", "我来"]
                .iter()
                .any(|w| t.norm.starts_with(w))
    };
    let asked = pre.iter().any(|t| matches!(t.norm.as_str(), "请" | "先" | "再" | "然后"));
    let behind = clause.tokens.iter().skip(pre.len() + 1);
    !asked
        && (next.is_some_and(happens) || behind.clone().any(happens))
        && !behind.clone().any(|t| t.norm == "请")
}

/// 您把副歌拖到前面之后: what the reader has done, not what he is asked to do.
pub(super) fn told(pre: &[Token], verb: &Token, clause: &Clause) -> bool {
    let you = |t: &Token| matches!(t.norm.as_str(), "您" | "你");
    let asked = |t: &Token| {
        t.any(&[Tag::Should, Tag::Ask, Tag::Can]) && !matches!(t.norm.as_str(), "把" | "将")
            || matches!(t.norm.as_str(), "请" | "先" | "再" | "然后")
    };
    let ends = clause.tokens.last().is_some_and(|t| t.cjk() && t.norm.ends_with('后'));
    ends && verb.cjk()
        && verb.is(Tag::Drag)
        && pre.iter().any(you)
        && !pre.iter().any(|t| asked(t) && !you(t))
}

/// 等您确认后再点击: waits for the user's word.
pub(super) fn awaits_you(pre: &[Token]) -> bool {
    let waits = pre.iter().position(|t| t.cjk() && t.norm.starts_with(['等', '待']));
    let you = |t: &Token| t.cjk() && (t.is(Tag::You) || t.norm.contains(['您', '你']));
    waits.is_some_and(|at| pre.iter().skip(at).any(you))
}
