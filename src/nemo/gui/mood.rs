//! Moods: who does what a clause tells, and whether it is asked for, offered or only told.

use super::chinese;
use super::sentence::Clause;
use crate::nemo::words::{Kind, Tag, Token};

/// Who a clause is about: a coordinated verb belongs to the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Nothing yet, or a statement.
    Statement,
    /// The agent's own doing, or something that is not to be done.
    NotYou,
    /// Somebody else's doing, in the picture.
    Theirs,
    /// An instruction.
    Asked,
    /// An offer, or behind a condition.
    Offered,
}

/// A question that is a request ("could you click …?").
pub(super) fn polite(clauses: &[Clause]) -> bool {
    clauses.iter().any(|c| {
        c.tokens.iter().take(3).any(|t| {
            matches!(
                t.norm.as_str(),
                "could you"
                    | "can you"
                    | "would you"
                    | "could you please"
                    | "can you please"
                    | "would you please"
                    | "能否"
                    | "可否"
            )
        })
    }) && !clauses.iter().any(|c| {
        c.tokens.iter().take(4).any(|t| matches!(t.norm.as_str(), "see" | "tell me" | "find" | "confirm"))
    })
}

/// The mood in which a clause begins; `before` is that of the clauses before it in the sentence.
pub(super) fn mood_of(clause: &Clause, before: Mood) -> Mood {
    let head = clause.tokens.iter().find(|t| !t.is(Tag::Should));
    let imperative = |t: &Token| {
        !t.cjk() && t.any(&[Tag::Click, Tag::Preview, Tag::Open, Tag::Go]) && !t.is(Tag::Timeline)
    };
    let places = clause.tokens.iter().position(|t| !t.is(Tag::Should)).is_some_and(|i| {
        matches!(clause.tokens.get(i..i + 2), Some([v, d]) if v.is(Tag::Drag) && !v.cjk() && d.is(Tag::Det) && v.norm != "drop")
    });
    if places && !clause.joined && before != Mood::NotYou {
        return Mood::Asked;
    }
    if head.is_some_and(|t| t.is(Tag::Click) && !t.is(Tag::Press) || imperative(t)) && !clause.joined {
        return if before == Mood::NotYou { Mood::Statement } else { Mood::Asked };
    }
    let first = clause.tokens.first();
    if clause.tokens.iter().take(3).any(|t| t.is(Tag::Will) && !t.is(Tag::Should)) {
        Mood::NotYou
    } else if clause.joined {
        before
    } else if first.is_some_and(|t| t.any(&[Tag::Det, Tag::They])) {
        Mood::Statement
    } else if before == Mood::Offered || before == Mood::Asked {
        before
    } else {
        Mood::Statement
    }
}

/// How the verb at `at` is said: asked, offered, not for the reader (`NotYou`); `None`: not a verb of a request.
pub(super) fn manner(clause: &Clause, at: usize, before: Mood) -> Option<Mood> {
    let (pre, post) = clause.tokens.split_at(at);
    let verb = post.first()?;
    let next = post.get(1);
    // 不需要再改的话请点击: what is denied before the end of a condition belongs to the condition.
    let condition = pre.iter().rposition(|t| t.cjk() && chinese::CONDITION_ENDS.contains(&t.norm.as_str()));
    if pre.iter().skip(condition.map_or(0, |c| c + 1)).any(|t| t.is(Tag::Neg)) {
        return Some(Mood::NotYou);
    }
    // "If you click …, it will cost …": tells of a consequence.
    let open_if = pre.iter().position(|t| {
        !t.cjk() && t.any(&[Tag::If, Tag::When]) && !t.is(Tag::Should)
            || matches!(t.norm.as_str(), "如果" | "若" | "要是" | "假如")
    });
    let bare_if = open_if.is_some_and(|i| {
        pre.iter().skip(i + 1).all(|t| {
            t.is(Tag::You) && !t.is(Tag::Can)
                || matches!(
                    t.norm.as_str(),
                    "再" | "再次" | "又" | "重复" | "现在" | "不小心" | "ever" | "again"
                )
        })
    });
    let ends_when = verb.cjk()
        && verb.any(&[Tag::Click, Tag::Drag, Tag::Open])
        && !pre.iter().any(|t| t.is(Tag::Happy) && !t.is(Tag::Should))
        && clause
            .tokens
            .last()
            .is_some_and(|t| matches!(t.norm.as_str(), "时" | "的时候" | "的话") || t.norm.ends_with("时候"));
    let supposed = verb.cjk()
        && verb.any(&[Tag::Click, Tag::Drag, Tag::Open])
        && !verb.is(Tag::Preview)
        && post.iter().any(|t| t.norm == "的话");
    if supposed {
        return Some(Mood::NotYou);
    }
    // 点击导出后，文件会保存: what happens then, unless it is asked for (请, 先).
    let then_happens = verb.cjk()
        && verb.any(&[Tag::Click, Tag::Drag, Tag::Open])
        && !verb.is(Tag::Preview)
        && clause.tokens.last().is_some_and(|t| t.cjk() && t.norm.ends_with('后'))
        && !pre.iter().any(|t| matches!(t.norm.as_str(), "请" | "先" | "再" | "然后" | "您" | "把" | "将"));
    let then_happens = then_happens || chinese::told(pre, verb, clause);
    // "Before you click Export, the captions must be proofread", 点击导出之前我会检查.
    let earlier = if verb.cjk() {
        verb.any(&[Tag::Click, Tag::Drag, Tag::Open])
            && !verb.is(Tag::Preview)
            && post.iter().any(|t| matches!(t.norm.as_str(), "之前" | "以前" | "前"))
    } else {
        matches!(pre.iter().rev().find(|t| !t.any(&[Tag::You, Tag::Filler])), Some(t) if matches!(t.norm.as_str(), "before" | "until" | "unless" | "without" | "instead of" | "rather than"))
    };
    if bare_if || ends_when || then_happens || earlier {
        return Some(Mood::NotYou);
    }
    if verb.cjk() {
        return chinese::manner(pre, next, clause, before);
    }
    if pre.iter().any(|t| {
        t.any(&[Tag::Will, Tag::I, Tag::We]) && !t.any(&[Tag::Should, Tag::Can])
            || t.any(&[Tag::Already, Tag::Passive]) && !t.is(Tag::Should)
    }) {
        return Some(Mood::NotYou);
    }
    let gerund = verb.norm.split(' ').next().is_some_and(|w| w.ends_with("ing") && w != "bring");
    let asked_by_gerund = pre.last().is_some_and(|t| {
        t.any(&[Tag::Can, Tag::Should]) && !matches!(t.norm.as_str(), "and" | "then" | "or")
    });
    if gerund && !asked_by_gerund {
        return None;
    }
    // "Your last export finished", "the next click": a noun.
    let determined = |t: &Token| t.is(Tag::Det) || t.norm == "your";
    let between = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "last"
                | "first"
                | "next"
                | "second"
                | "third"
                | "final"
                | "new"
                | "previous"
                | "latest"
                | "old"
                | "finished"
        )
    };
    let noun = match pre {
        [.., d, a] if between(a) => determined(d),
        [.., d] => determined(d) && d.norm != "that",
        [] => false,
    };
    if noun {
        return None;
    }
    // Words before the verb that are no frame of a request: then it is not the head of the clause.
    let mut framed = true;
    let mut in_phrase = false;
    for t in pre {
        let phrase_start = t.any(&[Tag::If, Tag::When, Tag::After, Tag::Before])
            || matches!(
                t.norm.as_str(),
                "in" | "on" | "at" | "from" | "to" | "for" | "with" | "under" | "inside" | "via"
            );
        in_phrase |= phrase_start;
        framed &= in_phrase
            || t.any(&[
                Tag::Should,
                Tag::Can,
                Tag::You,
                Tag::And,
                Tag::Then,
                Tag::Place,
                Tag::But,
                Tag::Filler,
                Tag::Ask,
            ])
            || t.kind != Kind::Word;
    }
    if in_phrase && !pre.iter().any(|t| t.any(&[Tag::Can, Tag::You])) && pre.len() > 7 {
        framed = false;
    }
    if !framed {
        return None;
    }
    // "to click" is an infinitive of somebody else's verb, unless a request stands before it.
    if pre.last().is_some_and(|t| t.norm == "to") && !pre.iter().any(|t| t.any(&[Tag::Can, Tag::Should])) {
        return None;
    }
    let chosen =
        clause.joined && pre.first().is_some_and(|t| matches!(t.norm.as_str(), "or" | "ou" | "oder" | "o"));
    if chosen && before == Mood::Statement {
        return None;
    }
    let linked = pre.first().is_some_and(|t| {
        matches!(t.norm.as_str(), "and" | "then" | "and then" | "or" | "before" | "et" | "und" | "y" | "e")
    });
    if linked && before == Mood::NotYou {
        return Some(Mood::NotYou);
    }
    if linked
        && before == Mood::Statement
        && pre.len() == 1
        && pre.first().is_some_and(|t| matches!(t.norm.as_str(), "and" | "et" | "und" | "y" | "e"))
    {
        return None;
    }
    let offered =
        pre.iter().any(|t| t.is(Tag::Can)) || before == Mood::Offered || pre.iter().any(|t| t.is(Tag::If));
    Some(if offered { Mood::Offered } else { Mood::Asked })
}
