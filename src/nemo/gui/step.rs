//! Steps: is a clause an instruction to somebody in front of the editor, and which?

use super::object::{self, Named};
use super::sentence::{Clause, Sentence};
use super::{Action, When};
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

/// Who a clause is about: a coordinated verb belongs to the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Nothing yet, or a statement.
    Statement,
    /// The agent's own doing, or something that is not to be done.
    NotYou,
    /// An instruction.
    Asked,
    /// An offer, or behind a condition.
    Offered,
}

const VERBS: &[Tag] = &[Tag::Click, Tag::Open, Tag::Go, Tag::Drag, Tag::Preview, Tag::Export];

/// Reads a clause; `before` is the mood of the clauses before it in the sentence.
pub(super) fn read(reply: &str, sentence: &Sentence, clause: &Clause, before: Mood) -> (Option<Step>, Mood) {
    let tokens = &clause.tokens;
    if sentence.question && !sentence.polite {
        return (None, Mood::NotYou);
    }
    let mut mood = mood_of(clause, before);
    for (at, token) in tokens.iter().enumerate() {
        if !token.any(VERBS) {
            continue;
        }
        let Some(manner) = manner(clause, at, before) else { continue };
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
    if conditional(clause) && mood != Mood::NotYou {
        mood = Mood::Offered;
    }
    (None, mood)
}

/// "… with the Export button": names the way instead of asking to go it.
fn by_button(reply: &str, clause: &Clause) -> Option<Step> {
    let means = |t: &Token| matches!(t.norm.as_str(), "with" | "using" | "via" | "through");
    let verb = clause.tokens.iter().position(means)?;
    let head = clause.tokens.get(..verb)?;
    let reader = head.iter().any(|t| t.is(Tag::Can) || matches!(t.norm.as_str(), "can" | "could"));
    if !reader || head.iter().any(|t| t.any(&[Tag::Neg, Tag::Will]) && !t.is(Tag::Can)) {
        return None;
    }
    let named = object::control(reply, clause, verb).filter(|n| n.sure && object::exports(&n.name))?;
    let target = Some(named.name);
    let seen = head.iter().find(|t| t.kind == Kind::Word).map(|t| t.start);
    Some(Step { action: Action::ExecuteExport, when: When::UserConfirms, target, rule: "names the export button", verb, behind: named.behind, object: seen.zip(head.last()).map(|(a, b)| (a, b.end)), seen: false })
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
        || matches!(first.norm.as_str(), "should you" | "until" | "assuming" | "as long as");
    let tail = clause.tokens.iter().any(|t| {
        t.cjk()
            && matches!(
                t.norm.as_str(),
                "觉得" | "的话" | "如果" | "如" | "若" | "要是" | "如需" | "假如" | "需要的话" | "满意" | "无误"
            )
    }) || clause.tokens.last().is_some_and(|t| {
        matches!(t.norm.as_str(), "后" | "之后" | "以后" | "时" | "的时候" | "无误" | "没问题")
    });
    head || tail
}

fn conditioned(tokens: &[Token], verb: usize) -> bool {
    let (pre, post) = tokens.split_at(verb.min(tokens.len()));
    let ahead = pre.iter().any(|t| {
        t.any(&[Tag::If, Tag::Can]) && !t.any(&[Tag::Func])
            || t.is(Tag::Happy) && (t.cjk() && !t.is(Tag::Should))
    }) || pre.iter().any(|t| t.cjk() && t.is(Tag::Can));
    let behind = post.iter().enumerate().any(|(i, t)| {
        let you = post.get(i + 1).is_some_and(|n| n.any(&[Tag::You, Tag::Happy]));
        t.any(&[Tag::If, Tag::When, Tag::After]) && !t.cjk() && you
            || matches!(
                t.norm.as_str(),
                "whenever you're ready" | "when ready" | "whenever you like" | "if needed" | "whenever"
            )
    });
    ahead || behind
}

fn mood_of(clause: &Clause, before: Mood) -> Mood {
    let head = clause.tokens.iter().find(|t| !t.is(Tag::Should));
    if head.is_some_and(|t| t.is(Tag::Click) && !t.is(Tag::Press)) && !clause.joined {
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
fn manner(clause: &Clause, at: usize, before: Mood) -> Option<Mood> {
    let (pre, post) = clause.tokens.split_at(at);
    let verb = post.first()?;
    let next = post.get(1);
    if pre.iter().any(|t| t.is(Tag::Neg)) {
        return Some(Mood::NotYou);
    }
    if verb.cjk() {
        return chinese(pre, verb, next, clause, before);
    }
    if pre.iter().any(|t| {
        t.any(&[Tag::Will, Tag::I, Tag::We]) && !t.any(&[Tag::Should, Tag::Can])
            || t.any(&[Tag::Already, Tag::Passive]) && !t.is(Tag::Should)
    }) {
        return Some(Mood::NotYou);
    }
    let gerund = verb.norm.split(' ').next().is_some_and(|w| w.ends_with("ing"));
    let asked_by_gerund = pre.last().is_some_and(|t| {
        t.any(&[Tag::Can, Tag::Should]) && !matches!(t.norm.as_str(), "and" | "then" | "or")
    });
    if gerund && !asked_by_gerund {
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
    let linked =
        pre.first().is_some_and(|t| matches!(t.norm.as_str(), "and" | "then" | "and then" | "or" | "before"));
    if linked && before == Mood::NotYou {
        return Some(Mood::NotYou);
    }
    if linked && before == Mood::Statement && pre.len() == 1 && pre.first().is_some_and(|t| t.norm == "and") {
        return None;
    }
    let offered =
        pre.iter().any(|t| t.is(Tag::Can)) || before == Mood::Offered || pre.iter().any(|t| t.is(Tag::If));
    Some(if offered { Mood::Offered } else { Mood::Asked })
}

fn chinese(pre: &[Token], verb: &Token, next: Option<&Token>, clause: &Clause, before: Mood) -> Option<Mood> {
    if next.is_some_and(|n| matches!(n.norm.as_str(), "了" | "着" | "的" | "过" | "后的") && n.cjk()) {
        return None;
    }
    if next.is_some_and(|n| n.is(Tag::Already) && n.cjk()) {
        return None;
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
    let _ = verb;
    let offered = before == Mood::Offered && !pre.iter().any(|t| t.norm == "现在");
    Some(if offered { Mood::Offered } else { Mood::Asked })
}

/// The action of the verb at `at` with its object, if they fit.
fn object_of(reply: &str, clause: &Clause, at: usize) -> Option<Step> {
    let tokens = &clause.tokens;
    let verb = tokens.get(at)?;
    let next = tokens.get(at + 1);
    let rest = tokens.get(at + 1..).unwrap_or_default();
    let near = rest.get(..rest.len().min(9)).unwrap_or_default();
    let step = |action, target: Option<String>, rule, behind| {
        Some(Step { action, when: When::Now, target, rule, verb: at, behind, object: None, seen: true })
    };
    let place = |tag: Tag| tokens.iter().enumerate().skip(at + 1).find(|(_, t)| t.is(tag)).map(|(i, _)| i);
    let pre_place = |tag: Tag| tokens.get(..at).unwrap_or_default().iter().any(|t| t.is(tag));
    let taken = |t: &Token| {
        t.any(&[Tag::Det, Tag::Control, Tag::Button, Tag::Place, Tag::Timeline])
            || t.capital
            || t.kind == Kind::Quote
            || matches!(t.norm.as_str(), "on" | "here" | "it" | "them" | "your")
            || t.cjk()
    };

    if verb.is(Tag::Drag)
        && (!verb.is(Tag::Move)
            || near.iter().any(|t| {
                matches!(
                    t.norm.as_str(),
                    "to" | "onto"
                        | "into"
                        | "slider"
                        | "handle"
                        | "handles"
                        | "over"
                        | "under"
                        | "on" | "so"
                        | "edge"
                        | "along"
                        | "across"
                        | "playhead"
                ) || verb.cjk()
            }))
    {
        let fits = next.is_some_and(|n| {
            taken(n) || n.is(Tag::Asset) || n.is(Tag::Project) || verb.norm.starts_with("drag")
        });
        let compound = next.is_some_and(|n| {
            matches!(
                n.norm.as_str(),
                "race"
                    | "races"
                    | "racing"
                    | "queen"
                    | "queens"
                    | "show"
                    | "shadow"
                    | "shadows"
                    | "strip"
                    | "zone"
                    | "of"
                    | "frame"
                    | "frames"
                    | "down"
            )
        });
        let object_ahead =
            tokens.get(..at).unwrap_or_default().iter().any(|t| matches!(t.norm.as_str(), "把" | "将"));
        let moves = !verb.is(Tag::Move) || !verb.cjk() || object_ahead;
        if fits && !compound && moves || verb.cjk() && (object_ahead || !verb.is(Tag::Move) && next.is_some())
        {
            let end = tokens
                .iter()
                .enumerate()
                .skip(at)
                .find(|(_, t)| {
                    !t.cjk()
                        && (matches!(t.norm.as_str(), "so" | "because" | "since" | "where" | "which")
                            || t.is(Tag::Purpose))
                })
                .map_or(tokens.len(), |(i, _)| i);
            let lead = |t: &&Token| !(t.any(&[Tag::Should, Tag::Then, Tag::Can, Tag::You]) && !matches!(t.norm.as_str(), "把" | "将"));
            let from = if verb.cjk() { tokens.iter().find(lead).filter(|t| !t.any(&[Tag::If, Tag::Happy])).or(tokens.iter().find(|t| matches!(t.norm.as_str(), "把" | "将"))).unwrap_or(verb) } else { verb };
            let words = reply.get(from.start..clause.end).map(|w| w.trim().to_owned());
            return step(Action::SendEdit, words, "drag or move", end);
        }
    }
    let named = object::control(reply, clause, at);
    if verb.is(Tag::Click) {
        let vague = verb.is(Tag::Press);
        let fits = next.is_some_and(&taken);
        let sure = named.as_ref().is_some_and(|n| n.sure);
        if fits && (sure || !vague && named.is_some()) && !(verb.norm == "点" && !sure) {
            let panel = named.as_ref().is_some_and(|n| {
                tokens.get(n.behind).is_some_and(|t| t.is(Tag::Panel) && !t.is(Tag::Button))
            });
            let Named { name, behind, .. } = named?;
            let plays = matches!(crate::nemo::words::folded(&name).as_str(), "play" | "播放") && place(Tag::Timeline).is_some();
            if plays {
                return step(Action::ShowTracks, None, "plays the timeline", place(Tag::Timeline)? + 1);
            }
            // 点击音效加在了第2秒: a report with a noun before its verb.
            if verb.cjk() && !sure && tokens.iter().skip(at + 2).any(|t| t.norm == "了") {
                return None;
            }
            if panel {
                return step(Action::QueryState, Some(name), "opens a panel", behind + 1);
            }
            let action = if object::exports(&name) { Action::ExecuteExport } else { Action::ExecuteViaApi };
            return step(action, Some(name), "clicks a control", behind);
        }
    }
    if verb.is(Tag::Preview) {
        let timeline = place(Tag::Timeline).filter(|&i| i <= at + 12);
        let ahead = pre_place(Tag::Timeline).then_some(at + 1);
        let itself = matches!(verb.norm.as_str(), "preview" | "预览" | "预览一下");
        if let Some(end) = timeline.or(ahead).or_else(|| (itself && next.is_none_or(taken)).then_some(tokens.len())) {
            let object = timeline.and_then(|end| seen(tokens, at, end));
            return Some(Step { action: Action::ShowTracks, when: When::Now, target: None, rule: "looks at the timeline", verb: at, behind: end + 1, object, seen: true });
        }
        let panel = place(Tag::Panel).filter(|_| near.iter().any(|t| matches!(t.norm.as_str(), "in" | "inside" | "under")));
        let object = panel.and_then(|end| seen(tokens, at, end));
        if let Some(panel) = panel.or_else(|| (pre_place(Tag::Panel) && verb.cjk()).then_some(at + 1)) {
            return Some(Step { action: Action::QueryState, when: When::Now, target: None, rule: "looks into a panel", verb: at, behind: panel + 1, object, seen: true });
        }
    }
    let previews = rest.iter().any(|t| t.is(Tag::Preview) && t.norm.starts_with("预览")) || verb.is(Tag::Go) && rest.iter().any(|t| t.is(Tag::Preview));
    if verb.any(&[Tag::Open, Tag::Go]) && previews {
        if let Some(end) = place(Tag::Timeline) {
            return step(Action::ShowTracks, None, "looks at the timeline", end.max(tokens.len()));
        }
    }
    if verb.any(&[Tag::Open, Tag::Go]) && !(verb.is(Tag::Preview) && verb.is(Tag::Open))
        || verb.norm == "check"
    {
        let chain = near.iter().position(|t| matches!(t.mark(), Some('>' | '→')));
        if let Some(named) = named.as_ref().filter(|n| chain.is_some() && n.sure) {
            let action =
                if object::exports(&named.name) { Action::ExecuteExport } else { Action::ExecuteViaApi };
            return step(action, Some(named.name.clone()), "follows a menu", named.behind);
        }
        let quoted_panel = tokens.iter().enumerate().skip(at + 1).take(6).find(|(_, t)| t.kind == Kind::Quote && panel_name(reply, t)).map(|(i, _)| i);
        if let Some(panel) = quoted_panel.or_else(|| place(Tag::Panel)).filter(|&i| i <= at + 8 && next.is_some_and(taken)) {
            let name = named.map(|n| n.name);
            return step(Action::QueryState, name, "opens a panel", panel + 1);
        }
        if let Some(named) = named.filter(|n| {
            n.sure
                && verb.any(&[Tag::Open, Tag::Go])
                && (next.is_some_and(|n| n.capital) || near.iter().take(4).any(|n| n.kind == Kind::Quote))
        }) {
            let action =
                if object::exports(&named.name) { Action::ExecuteExport } else { Action::QueryState };
            return step(action, Some(named.name), "opens by name", named.behind);
        }
    }
    if verb.is(Tag::Export) && (verb.norm.starts_with("export") || verb.norm.starts_with("导出")) {
        let noun = next.is_some_and(|n| {
            n.any(&[Tag::Button, Tag::Panel, Tag::Ui, Tag::Be, Tag::Aux]) && !n.is(Tag::Det)
        }) || tokens.get(..at).unwrap_or_default().last().is_some_and(|t| t.is(Tag::Det));
        let object: &[Tag] = if verb.cjk() { &[Tag::Video, Tag::Whole, Tag::Finished, Tag::Can] } else { &[Tag::Det, Tag::Func, Tag::Video, Tag::Whole, Tag::SoFar, Tag::Filler, Tag::When, Tag::Can, Tag::Finished] };
        let particle = |n: &Token| matches!(n.norm.as_str(), "吧" | "即可" | "就行" | "就可以" | "下载" | "保存" | "来" | "啦");
        let alone = next.is_none_or(|n| n.any(object) || particle(n));
        if !noun && alone {
            return step(Action::ExecuteExport, None, "exports", tokens.len().min(at + 4));
        }
    }
    None
}

/// What is to be looked at: the words between the verb and "in the …", if they say something new.
fn seen(tokens: &[Token], verb: usize, place: usize) -> Option<(usize, usize)> {
    let inside = tokens.get(verb + 1..place)?;
    let end = inside.iter().rposition(|t| matches!(t.norm.as_str(), "in" | "inside" | "under" | "on" | "of"))?;
    let object = inside.get(..end)?;
    let known = |t: &Token| t.any(&[Tag::Func, Tag::Det, Tag::Whole, Tag::Finished]) || t.any(&[Tag::Video, Tag::Project]) && !t.norm.ends_with('s');
    let (first, last) = (object.first()?, object.last()?);
    (!object.iter().all(known)).then_some((first.start, last.end))
}

/// A quoted name that says itself that it is a panel (“素材面板”).
fn panel_name(reply: &str, quote: &Token) -> bool {
    let name = crate::nemo::words::folded(reply.get(quote.start..quote.end).unwrap_or_default());
    let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
    ["panel", "tab", "menu", "library", "window", "section", "面板", "标签页", "标签", "选项卡", "菜单", "库", "窗口", "页面", "栏"].iter().any(|p| name.ends_with(p))
}
