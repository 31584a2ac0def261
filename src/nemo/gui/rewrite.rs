//! Rewriting: takes the instructions out of a line and mends what is left.

use super::leftover::{bare_edges, frame, idle, lead, offer, purpose, purpose_said, tail, trivial};
use super::mood::Mood;
use super::sentence::{Clause, Line, Sentence};
use super::{Action, GuiAction, Reason, Translation, When};
use super::{condition, step};
use crate::nemo::words::Tag;

/// What an export is set to, as folded names.
const FORMATS: &[&str] = &["mp4", "mov", "gif", "webm", "720p", "1080p", "2160p", "4k", "高清"];

/// Translates one line and appends it, if anything of it is left.
/// True if all of it was an instruction.
pub(super) fn line(reply: &str, line: &Line, out: &mut Translation) -> bool {
    let mark = out.text.len();
    out.text.push_str(reply.get(line.start..line.body).unwrap_or_default());
    let body = out.text.len();
    if line.sentences.is_empty() {
        out.text.push_str(reply.get(line.body..line.end).unwrap_or_default());
    }
    let mut cut = false;
    let mut before: Option<&Sentence> = None;
    for sentence in &line.sentences {
        cut |= translate(reply, sentence, before, body, out);
        before = Some(sentence);
    }
    if cut && out.text.get(body..).unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric()).is_empty()
    {
        out.text.truncate(mark);
        return true;
    }
    if cut {
        out.text.truncate(out.text.trim_end_matches([' ', '\t']).len());
    }
    out.text.push('\n');
    false
}

/// Appends the sentence without its instructions; true if there was one.
fn translate(
    reply: &str,
    sentence: &Sentence,
    before: Option<&Sentence>,
    line_start: usize,
    out: &mut Translation,
) -> bool {
    // "Want another look? Then click …"
    let asked = before.is_some_and(|b| {
        b.question
            && b.clauses.first().is_some_and(|c| {
                let words = c.tokens.len();
                let elliptic = words <= 2 && !c.tokens.iter().any(|t| t.any(&[Tag::What, Tag::Question]));
                elliptic
                    || c.tokens.iter().take(3).any(|t| {
                        t.any(&[Tag::Happy, Tag::Neg])
                            || t.norm.starts_with("no ")
                            || matches!(
                                t.norm.as_str(),
                                "没" | "没有" | "没有要" | "curious" | "unsure" | "还有"
                            )
                    })
            })
    });
    let mut mood = if asked { Mood::Offered } else { Mood::Statement };
    let mut steps = Vec::with_capacity(sentence.clauses.len());
    let mut last: Option<&Clause> = None;
    for clause in &sentence.clauses {
        // "Text on screen: Tap to play": what it says, not what to do.
        let quoted = last.is_some_and(|l| {
            l.tokens.iter().any(|t| t.is(Tag::Says))
                && reply.get(l.end..clause.start).is_some_and(|m| m.contains([':', '：']))
        });
        if quoted {
            mood = Mood::NotYou;
            steps.push(None);
            last = Some(clause);
            continue;
        }
        last = Some(clause);
        let (step, next) = step::read(reply, sentence, clause, mood);
        mood = next;
        steps.push(step);
    }
    // "Click Export, provided you like it": the last clause says what it waits for.
    let waits = sentence.clauses.len() > 1 && sentence.clauses.last().is_some_and(condition::awaited);
    if let ([.., Some(one), None], true) = (steps.as_mut_slice(), waits) {
        one.when = When::UserConfirms;
    }
    // "Click Save, or click Cancel": a choice, so the user's.
    for (i, clause) in sentence.clauses.iter().enumerate().skip(1) {
        let or =
            clause.tokens.first().is_some_and(|t| matches!(t.norm.as_str(), "or" | "或" | "或者" | "或是"));
        if let Some([Some(one), Some(other)]) = steps.get_mut(i - 1..=i).filter(|_| or) {
            one.when = When::UserConfirms;
            other.when = When::UserConfirms;
        }
    }
    if steps.iter().all(Option::is_none) {
        out.text.push_str(reply.get(sentence.start..sentence.end).unwrap_or_default());
        return false;
    }
    let han = reply
        .get(sentence.start..sentence.end)
        .unwrap_or_default()
        .chars()
        .any(|c| ('\u{3040}'..='\u{9fff}').contains(&c));
    let mut pieces: Vec<String> = Vec::new();
    let mut kept: Option<(usize, usize)> = None;
    let flush = |kept: &mut Option<(usize, usize)>, pieces: &mut Vec<String>| {
        if let Some(text) = kept.take().and_then(|(a, b)| reply.get(a..b)) {
            pieces.push(bare_edges(text));
        }
    };
    for (i, (clause, step)) in sentence.clauses.iter().zip(&steps).enumerate() {
        let Some(step) = step else {
            let leads = steps.get(i + 1).is_some_and(Option::is_some);
            let english = clause.tokens.first().is_some_and(|t| t.norm == "to") && purpose(clause);
            if let Some(Some(next)) = steps.get(i + 1).filter(|_| english) {
                flush(&mut kept, &mut pieces);
                pieces.extend(purpose_said(reply, clause, next));
                continue;
            }
            if leads
                && (frame(clause) || purpose(clause) && trivial(clause.tokens.get(1..).unwrap_or_default()))
                || frame(clause) && kept.is_none() && i > 0
                || idle(clause) && (leads || i > 0 && steps.get(i - 1).is_some_and(Option::is_some))
            {
                flush(&mut kept, &mut pieces);
            } else if leads && condition::conditional(clause)
                || waits && i + 1 == steps.len() && steps.get(i.wrapping_sub(1)).is_some_and(Option::is_some)
            {
                flush(&mut kept, &mut pieces);
                pieces.push(offer(reply, clause.start, clause.end, han));
            } else {
                kept = Some((kept.map_or(clause.start, |k| k.0), clause.end));
            }
            continue;
        };
        flush(&mut kept, &mut pieces);
        let mut target = step.target.clone();
        if let Some(words) = target.as_mut().filter(|_| step.action == Action::SendEdit && refers(clause)) {
            let context = sentence
                .clauses
                .get(i.wrapping_sub(1))
                .map(|c| (c.start, c.end))
                .or(before.map(|b| (b.start, b.end)));
            if let Some(context) = context.and_then(|(a, b)| reply.get(a..b)) {
                *words = format!("{} {words}", context.trim());
            }
        }
        // Going to the timeline and previewing there is one thing.
        let looks = sentence.clauses.get(i).is_some_and(|c| c.tokens.iter().any(|t| t.is(Tag::Timeline)));
        let merged = step.action == Action::QueryState
            && looks
            && steps.get(i + 1).is_some_and(|s| s.as_ref().is_some_and(|s| s.action == Action::ShowTracks));
        // "Go to File and choose Export": one way.
        let way = step.rule == "opens by name"
            && steps.get(i + 1).is_some_and(Option::is_some)
            && target.as_deref().is_some_and(|t| {
                matches!(
                    crate::nemo::words::folded(t).as_str(),
                    "file" | "menu" | "more" | "文件" | "菜单" | "更多"
                )
            });
        // "Click Export and choose MP4": how to export.
        let format = step.action == Action::ExecuteViaApi
            && target.as_deref().is_some_and(|t| FORMATS.contains(&crate::nemo::words::folded(t).as_str()))
            && out.actions.last().is_some_and(|a| a.action == Action::ExecuteExport);
        if !merged && !way && !format {
            out.actions.push(GuiAction { action: step.action, when: step.when, target });
            out.reasons.push(Reason {
                rule: step.rule,
                clause: reply.get(clause.start..clause.end).unwrap_or_default().to_owned(),
            });
        }
        pieces.extend(lead(reply, clause, step, han));
        if let Some(object) = step.object.and_then(|(a, b)| reply.get(a..b)) {
            pieces.push(match (step.seen, step.when) {
                (false, _) => object.to_owned(),
                (true, When::Now) => format!("You will see {object}"),
                (true, When::UserConfirms) => format!("You can see {object}"),
            });
        }
        pieces.extend(tail(reply, clause, step, han));
    }
    flush(&mut kept, &mut pieces);
    append(reply, sentence, pieces, han, line_start, out);
    true
}

/// Does an edit's clause point at something said before ("drag the cut there")?
fn refers(clause: &Clause) -> bool {
    clause.tokens.iter().any(|t| {
        matches!(
            t.norm.as_str(),
            "there"
                | "it"
                | "them"
                | "that"
                | "here"
                | "该处"
                | "那里"
                | "它"
                | "此处"
                | "这里"
                | "那儿"
                | "该"
                | "那"
                | "这"
        )
    })
}

/// Joins the pieces as sentences and gives them the old sentence's closing mark.
fn append(
    reply: &str,
    sentence: &Sentence,
    pieces: Vec<String>,
    han: bool,
    line_start: usize,
    out: &mut Translation,
) {
    let whole = reply.get(sentence.start..sentence.end).unwrap_or_default();
    let blank = whole.get(whole.trim_end().len()..).unwrap_or_default();
    let close = whole
        .trim_end()
        .chars()
        .rev()
        .take(4)
        .find(|c| matches!(c, '.' | '!' | '。' | '！'))
        .unwrap_or(if han { '。' } else { '.' });
    for piece in pieces.iter().map(|p| p.trim()).filter(|p| p.chars().any(char::is_alphabetic)) {
        if out.text.len() > line_start && !han && !out.text.ends_with(char::is_whitespace) {
            out.text.push(' ');
        }
        let mut chars = piece.chars();
        out.text.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        out.text.push_str(chars.as_str());
        if !piece.ends_with(['.', '!', '?', '。', '！', '？']) {
            out.text.push(close);
        }
    }
    if out.text.len() > line_start && !out.text.ends_with(char::is_whitespace) {
        out.text.push_str(blank);
    }
}
