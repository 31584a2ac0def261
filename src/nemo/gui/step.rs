//! Steps: is a clause an instruction to somebody in front of the editor, and which?

use super::condition::{conditional, conditioned};
use super::mood::{Mood, manner, mood_of};
use super::object;
use super::sentence::{Clause, Sentence};
use super::verb::object_of;
use super::{Action, When, japanese};
use crate::nemo::words::{Kind, Tag, Token};

/// An instruction found in a clause.
pub(super) struct Step {
    pub action: Action,
    pub when: When,
    pub target: Option<String>,
    pub rule: &'static str,
    /// Index of the verb in the clause's tokens.
    pub verb: usize,
    /// Content inside the instruction ("the captions" of "check the captions in the Text panel").
    pub object: Option<(usize, usize)>,
    /// The object is something to look at.
    pub seen: bool,
    /// Index of the first token behind the instruction proper: what follows may be content.
    pub behind: usize,
}

const VERBS: &[Tag] = &[Tag::Click, Tag::Open, Tag::Go, Tag::Drag, Tag::Preview, Tag::Export];

/// Reads a clause; `before` is the mood of the clauses before it in the sentence.
pub(super) fn read(reply: &str, sentence: &Sentence, clause: &Clause, before: Mood) -> (Option<Step>, Mood) {
    let tokens = &clause.tokens;
    if sentence.question && !sentence.polite {
        return (None, Mood::NotYou);
    }
    if japanese::spoken(clause) {
        return japanese::read(reply, clause, before);
    }
    let mut mood = mood_of(clause, before);
    for (at, token) in tokens.iter().enumerate() {
        if !token.any(VERBS) {
            continue;
        }
        let Some(manner) = manner(clause, at, before) else {
            // Somebody else's doing: what he does next is his, too.
            let done =
                tokens.get(at + 1).is_some_and(|n| matches!(n.norm.as_str(), "了" | "着" | "的" | "过"));
            if token.cjk() && at > 0 && !done && token.any(&[Tag::Click, Tag::Drag, Tag::Open]) {
                mood = Mood::Theirs;
            }
            continue;
        };
        if manner == Mood::NotYou {
            return (None, Mood::NotYou);
        }
        let Some(mut step) = object_of(reply, clause, at) else { continue };
        step.when =
            if manner == Mood::Offered || conditioned(tokens, at) { When::UserConfirms } else { When::Now };
        mood = if step.when == When::UserConfirms { Mood::Offered } else { Mood::Asked };
        return (Some(step), mood);
    }
    if let Some(step) = by_button(reply, clause).filter(|_| mood != Mood::NotYou) {
        return (Some(step), Mood::Offered);
    }
    let free = clause.tokens.iter().any(|t| {
        matches!(
            t.norm.as_str(),
            "take your time" | "whenever you like" | "whenever you're ready" | "when ready"
        )
    });
    if (conditional(clause) || free) && mood != Mood::NotYou {
        mood = Mood::Offered;
    }
    (None, mood)
}

/// "… with the Export button", "… by clicking Apply": names the way instead of asking to go it.
fn by_button(reply: &str, clause: &Clause) -> Option<Step> {
    let means = |t: &Token| matches!(t.norm.as_str(), "with" | "using" | "via" | "through");
    let by = |w: &[Token]| matches!(w, [by, verb] if by.norm == "by" && verb.is(Tag::Click) && verb.norm.contains("ing"));
    let clicking = clause.tokens.windows(2).position(by);
    let verb = clicking.map(|at| at + 1).or_else(|| clause.tokens.iter().position(means))?;
    let head = clause.tokens.get(..clicking.unwrap_or(verb))?;
    let reader = head.iter().any(|t| t.is(Tag::Can) || matches!(t.norm.as_str(), "can" | "could"));
    if !reader || head.iter().any(|t| t.any(&[Tag::Neg, Tag::Will]) && !t.is(Tag::Can)) {
        return None;
    }
    let named = object::control(reply, clause, verb).filter(|n| n.sure)?;
    let exports = object::exports(&named.name);
    if !exports && clicking.is_none() {
        return None;
    }
    let target = Some(named.name);
    let seen = head.iter().find(|t| t.kind == Kind::Word).map(|t| t.start);
    Some(Step {
        action: if exports { Action::ExecuteExport } else { Action::ExecuteViaApi },
        when: When::UserConfirms,
        target,
        rule: "names the button to use",
        verb,
        behind: named.behind,
        object: seen.zip(head.last()).map(|(a, b)| (a, b.end)),
        seen: false,
    })
}
