//! Leftovers: what stands around an instruction, said as a sentence of its own or dropped when it says nothing new.

use super::object::bare;
use super::sentence::Clause;
use super::step::Step;
use super::{Action, Translation, When};
use crate::nemo::words::{Kind, Tag, Token};

/// Mends a line that led to a list of instructions ("Two steps are left:") when the list is gone. `from`: where the
/// line starts in the text.
pub(super) fn mend_lead(from: usize, out: &mut Translation) {
    let line = out.text.get(from..).unwrap_or_default().trim_end();
    let Some(colon) = line.chars().next_back().filter(|c| matches!(c, ':' | '：')) else { return };
    let whole = line.trim_end_matches([':', '：', '*', '_', ' ']);
    let last = whole
        .rfind(['.', '!', '?', '。', '！', '？'])
        .map_or(0, |at| at + whole.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8));
    let sentence = crate::nemo::words::scan(whole.get(last..).unwrap_or_default());
    let empty = sentence.iter().all(|t| {
        t.kind != Kind::Word
            || t.any(&[Tag::Should, Tag::Then, Tag::Func, Tag::Det])
            || matches!(
                t.norm.as_str(),
                "steps"
                    | "step"
                    | "follow"
                    | "here's"
                    | "how"
                    | "do"
                    | "步骤"
                    | "操作"
                    | "如下"
                    | "following"
            )
    });
    let blank = out.text.get(from + line.len()..).unwrap_or_default().to_owned();
    let keep = from + if empty { last } else { whole.len() };
    out.text.truncate(keep);
    if !empty {
        out.text.push(if colon == '：' { '。' } else { '.' });
    }
    out.text.push_str(if empty && last == 0 { "" } else { &blank });
}

/// Only words that lead to an instruction: "Next", "In the toolbar", 接下来.
pub(super) fn frame(clause: &Clause) -> bool {
    clause.tokens.iter().all(|t| {
        t.kind != Kind::Word
            || t.any(&[
                Tag::Should,
                Tag::Then,
                Tag::And,
                Tag::Filler,
                Tag::Can,
                Tag::You,
                Tag::Place,
                Tag::Panel,
                Tag::Det,
                Tag::Func,
                Tag::Go,
            ])
    }) && clause.tokens.iter().filter(|t| t.kind == Kind::Word).count() <= 6
        && clause.tokens.iter().all(|t| t.kind != Kind::Number && t.kind != Kind::Quote)
}

pub(super) fn purpose(clause: &Clause) -> bool {
    clause.tokens.first().is_some_and(|t| matches!(t.norm.as_str(), "to" | "in order to" | "为了" | "要"))
}

/// Only goes with an instruction beside it: "select it", "have a look", "um es herunterzuladen".
pub(super) fn idle(clause: &Clause) -> bool {
    let words = || clause.tokens.iter().filter(|t| t.kind == Kind::Word);
    let pronoun = |t: &Token| matches!(t.norm.as_str(), "it" | "them" | "that" | "this one" | "there");
    let verb = words().next().is_some_and(|t| t.norm == "um")
        || words().any(|t| t.any(&[Tag::Preview, Tag::Click]) && !t.cjk() && !t.is(Tag::Func));
    verb && clause.tokens.len() <= 5
        && words().all(|t| {
            t.any(&[Tag::Preview, Tag::Click, Tag::Should, Tag::Then, Tag::And, Tag::Det])
                && !t.is(Tag::Video)
                || pronoun(t)
                || words().next().is_some_and(|f| f.norm == "um")
        })
}

/// Nothing in it that the reader does not know: "to save the result".
pub(super) fn trivial(tokens: &[Token]) -> bool {
    let plural = |t: &Token| t.norm.ends_with('s') && t.norm.len() > 4 && t.any(&[Tag::Asset, Tag::Video]);
    let known = |t: &Token| {
        t.any(&[
            Tag::Func,
            Tag::Det,
            Tag::Video,
            Tag::Whole,
            Tag::Finished,
            Tag::Export,
            Tag::Save,
            Tag::Container,
            Tag::FileWord,
            Tag::Control,
            Tag::Get,
            Tag::You,
            Tag::I,
            Tag::SoFar,
            Tag::Preview,
            Tag::Filler,
            Tag::Can,
            Tag::Device,
            Tag::Changed,
            Tag::Show,
            Tag::Then,
        ])
    };
    tokens.iter().all(|t| match t.kind {
        Kind::Word if plural(t) => false,
        Kind::Word => {
            known(t)
                || matches!(
                    t.norm.as_str(),
                    "change" | "changes" | "begin" | "proceed" | "使其生效" | "process" | "生效" | "放弃"
                )
        }
        Kind::Number | Kind::Quote | Kind::Media | Kind::File | Kind::Link => false,
        _ => true,
    }) && tokens.len() <= 8
}

/// A condition whose instruction is gone: the person can simply answer.
pub(super) fn offer(reply: &str, start: usize, end: usize, han: bool) -> String {
    let condition = bare_edges(reply.get(start..end).unwrap_or_default());
    if condition.chars().any(|c| matches!(c, '\u{3040}'..='\u{30fa}')) {
        return format!("{condition}、お知らせください");
    }
    if han {
        let comma = if condition.ends_with(['后', '话', '时']) { "" } else { "，" };
        return format!("{condition}{comma}告诉我即可");
    }
    let condition =
        condition.trim_start_matches("and ").trim_start_matches("then ").trim_start_matches("or ");
    format!("{condition}, {}", say_so(condition))
}

/// "Just say so" in the language of the condition, by its first word.
fn say_so(condition: &str) -> &'static str {
    let words = crate::nemo::words::folded(condition);
    let french = || {
        words.split([' ', '\'', '’']).any(|w| {
            matches!(w, "vous" | "tu" | "cela" | "ca" | "c" | "est" | "tout" | "etes" | "plait" | "convient")
        })
    };
    match words.split(' ').next().unwrap_or_default() {
        "wenn" | "falls" | "sobald" | "sollte" | "sollten" => "sag einfach Bescheid",
        "quand" | "lorsque" | "des" => "dites-le simplement",
        "si" | "une" if french() => "dites-le simplement",
        "si" | "cuando" | "una" => "solo dilo",
        "se" | "quando" | "caso" | "assim" => "é só dizer",
        _ => "just say so",
    }
}

/// What stands before the instruction in its own clause and is no part of it: a condition.
pub(super) fn lead(reply: &str, clause: &Clause, step: &Step, han: bool) -> Option<String> {
    let pre = clause.tokens.get(..step.verb)?;
    let at = pre
        .iter()
        .position(|t| t.any(&[Tag::If]) || t.any(&[Tag::Happy]) && t.cjk() && !t.is(Tag::Should))?;
    let end = pre.iter().rposition(|t| {
        matches!(t.norm.as_str(), "后" | "之后" | "以后" | "的话" | "时" | "无误" | "没问题")
            || !t.cjk() && t.is(Tag::Happy)
    })?;
    // 要更换的话: the condition stands before its mark.
    let from = if at == end { 0 } else { at };
    let (a, b) = (pre.get(from)?, pre.get(end)?);
    (end >= at).then(|| offer(reply, a.start, b.end, han))
}

/// What follows the instruction in its own clause, said without it.
pub(super) fn tail(reply: &str, clause: &Clause, step: &Step, han: bool) -> Option<String> {
    let mut rest = clause.tokens.get(step.behind..)?;
    // A place ("below the clip", "in the top-right corner") goes with the instruction.
    let starts = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "to" | "so"
                | "for"
                | "which"
                | "where"
                | "when"
                | "if"
                | "once"
                | "because"
                | "and"
                | "with"
                | "as soon as"
                | "whenever"
        ) || t.any(&[Tag::Purpose, Tag::If, Tag::When]) && !t.cjk()
    };
    if !clause.tokens.get(step.verb)?.cjk() {
        let from = rest.iter().position(starts)?;
        rest = rest.get(from..)?;
    } else {
        let from = rest.iter().position(|t| {
            !(t.any(&[Tag::Button, Tag::Panel])
                || matches!(
                    t.norm.as_str(),
                    "即可"
                        | "就"
                        | "来"
                        | "以"
                        | "便"
                        | "后"
                        | "吧"
                        | "中"
                        | "里"
                        | "上"
                        | "下"
                        | "去"
                        | "按钮"
                        | "，"
                        | "就行"
                        | "就好"
                        | "并"
                        | "一下"
                        | "了"
                ))
        })?;
        rest = rest.get(from..)?;
    }
    let first = rest.first()?;
    let text = bare_edges(reply.get(first.start..clause.end)?);
    let (head, inner) = (first.norm.as_str(), rest.get(1..).unwrap_or_default());
    let after = bare_edges(reply.get(inner.first().map_or(clause.end, |t| t.start)..clause.end)?);
    if han {
        let edits = first.cjk() && first.is(Tag::Edit);
        // 打开面板修改: a bare verb says nothing; with an object it can be asked for.
        if edits && step.action == Action::QueryState {
            return (rest.len() > 1).then(|| format!("可以{text}"));
        }
        return (!trivial(rest)).then_some(text);
    }
    match head {
        "when" | "if" | "once" | "as soon as" | "whenever" => {
            Some(offer(reply, first.start, clause.end, han))
        }
        "to" => goal(inner, &after, step),
        "for"
            if inner.iter().all(|t| {
                t.any(&[Tag::Func, Tag::Det])
                    || matches!(
                        t.norm.as_str(),
                        "details" | "detail" | "info" | "information" | "reference" | "more details"
                    )
            }) =>
        {
            None
        }
        "for" => Some(format!("This is for {after}")),
        "so" | "so that" => Some(format!("That way {after}")),
        "and" | "with" if trivial(inner) => None,
        _ => (!trivial(rest)).then_some(text),
    }
}

/// "To …", said of an instruction that is gone: what it shows or does. `inner`: the words behind "to", `after` their text.
pub(super) fn goal(inner: &[Token], after: &str, step: &Step) -> Option<String> {
    if trivial(inner) {
        return None;
    }
    let verb = inner.first().map_or("", |t| t.norm.as_str());
    let looks = [
        "see",
        "view",
        "check",
        "review",
        "look",
        "inspect",
        "watch",
        "preview",
        "verify",
        "examine",
        "take a look",
        "have a look",
        "confirm",
    ]
    .iter()
    .any(|v| verb.starts_with(v));
    let sees = looks || ["find", "hear", "read", "listen"].iter().any(|v| verb.starts_with(v));
    if sees && trivial(inner.get(1..).unwrap_or_default()) {
        return None;
    }
    let object = after
        .split_once(' ')
        .map_or("", |(_, rest)| rest.trim_start_matches("at ").trim_start_matches("over "));
    let after = if looks { format!("see {object}") } else { after.to_owned() };
    // "to try it", "to compare": says nothing new.
    let empty = |t: &Token| t.any(&[Tag::Func, Tag::Whole, Tag::Det]);
    if !sees && inner.len() <= 3 && inner.get(1..).unwrap_or_default().iter().all(empty) {
        return None;
    }
    let now = step.when == When::Now;
    // What could be done in a panel can be asked for.
    if !sees && step.action == Action::QueryState {
        return Some(format!("You can {after}"));
    }
    Some(match (sees, now) {
        (true, true) => format!("You will {after}"),
        (true, false) => format!("You would {after}"),
        (false, true) => format!("This will {after}"),
        (false, false) => format!("This would {after}"),
    })
}

/// A purpose before its instruction ("To hear it, press Play").
pub(super) fn purpose_said(reply: &str, clause: &Clause, step: &Step) -> Option<String> {
    let inner = clause.tokens.get(1..)?;
    let after = bare_edges(reply.get(inner.first()?.start..clause.end)?);
    goal(inner, &after, step)
}

/// Without blanks, separators and one-sided emphasis at the edges.
pub(super) fn bare_edges(text: &str) -> String {
    let mut text =
        text.trim().trim_end_matches([',', '，', ';', '；', ':', '：', '、', '-', '—', '–']).trim();
    // A conjunction whose other half is gone.
    for word in [" and", " or", " then", " so", " but", " and then", "，并", "，然后", "，再"] {
        text = text.strip_suffix(word).unwrap_or(text).trim_end_matches([',', '，', ' ']);
    }
    for word in ["and then ", "and ", "then ", "or ", "but ", "and, "] {
        text = text.strip_prefix(word).unwrap_or(text);
    }
    let odd = text.matches("**").count() % 2 == 1;
    if odd { bare(text) } else { text.to_owned() }
}
