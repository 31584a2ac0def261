//! Lines, sentences and clauses of a reply, with their places in it.

use crate::nemo::words::{self, Kind, Tag, Token};

/// One line: an optional list marker, then sentences.
pub(super) struct Line {
    pub start: usize,
    /// Where the text behind the list marker begins.
    pub body: usize,
    /// End without the line break.
    pub end: usize,
    pub sentences: Vec<Sentence>,
}

/// One sentence; `start..end` holds its closing punctuation and the blanks behind it.
pub(super) struct Sentence {
    pub start: usize,
    pub end: usize,
    /// Ends with a question mark.
    pub question: bool,
    /// A question, but a polite request.
    pub polite: bool,
    pub clauses: Vec<Clause>,
}

/// One clause without the marks around it.
#[derive(Debug)]
pub(super) struct Clause {
    pub start: usize,
    pub end: usize,
    /// Words that carry meaning for the grammar: no markup.
    pub tokens: Vec<Token>,
    /// The first word joins it to the clause before ("and", "then", 并).
    pub joined: bool,
}

/// Emphasis and code marks, which the grammar does not see.
fn markup(c: char) -> bool {
    matches!(c, '*' | '_' | '`' | '~' | '#' | '[' | ']')
}

pub(super) fn lines(reply: &str) -> Vec<Line> {
    let mut out = Vec::new();
    let mut start = 0;
    for raw in reply.split_inclusive('\n') {
        let text = raw.trim_end_matches(['\n', '\r']);
        let body = start + marker(text);
        let end = start + text.len();
        let sentences = sentences(reply, body, end);
        out.push(Line { start, body, end, sentences });
        start += raw.len();
    }
    out
}

/// Length of a list marker ("1. ", "- ", "Step 2: ", "> ") at the start of a line.
fn marker(line: &str) -> usize {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let behind = |skip: usize, marks: &[char]| {
        let rest = text.get(skip..).unwrap_or_default();
        let mark = rest.chars().next().filter(|c| marks.contains(c)).map_or(0, char::len_utf8);
        let tail = rest.get(mark..).unwrap_or_default();
        let blanks = tail.len() - tail.trim_start().len();
        (mark > 0 && (blanks > 0 || !rest.starts_with(['.', '-', '*', '+'])))
            .then_some(indent + skip + mark + blanks)
    };
    let found = if (1..=3).contains(&digits) {
        behind(digits, &['.', ')', '、', '）', ':', '．'])
    } else {
        behind(0, &['-', '*', '•', '+', '·', '>', '–', '▶', '➡', '👉', '①', '②', '③', '④'])
    };
    found.unwrap_or(indent)
}

fn sentences(reply: &str, from: usize, to: usize) -> Vec<Sentence> {
    let mut tokens = words::scan(reply.get(from..to).unwrap_or_default());
    for t in &mut tokens {
        t.start += from;
        t.end += from;
    }
    let mut out = Vec::new();
    let mut first = 0;
    for (i, token) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1);
        let stop = match token.mark() {
            Some('.') => next.is_none_or(|n| n.spaced || n.mark().is_some_and(markup)),
            Some('!' | '?' | '。' | '…') => {
                !next.is_some_and(|n| matches!(n.mark(), Some('!' | '?' | '。' | '…' | ')')))
            }
            // A quotation that is a sentence of its own.
            None if token.kind == Kind::Quote => {
                let inside = reply.get(token.start..token.end).unwrap_or_default();
                let ended = inside
                    .chars()
                    .rev()
                    .nth(1)
                    .is_some_and(|c| matches!(c, '.' | '!' | '?' | '。' | '！' | '？'));
                ended && next.is_some_and(|n| n.spaced && n.capital)
            }
            _ => false,
        };
        if stop || next.is_none() {
            // Closing emphasis behind the stop still belongs to the sentence.
            let end = next.map_or(to, |n| n.start);
            let part = tokens.get(first..=i).unwrap_or_default();
            let start = part.first().map_or(from, |t| if first == 0 { from } else { t.start });
            let question = part.iter().rev().take(2).any(|t| t.mark() == Some('?'));
            let clauses = clauses(part);
            let polite = question && super::mood::polite(&clauses);
            out.push(Sentence { start, end, question, polite, clauses });
            first = i + 1;
        }
    }
    out
}

/// The longest clause, in tokens: keeps the work in proportion to the text.
pub(super) const LONGEST: usize = 160;
const VERBS: &[Tag] = &[Tag::Click, Tag::Open, Tag::Go, Tag::Drag, Tag::Preview, Tag::Export];

fn clauses(part: &[Token]) -> Vec<Clause> {
    let mut out: Vec<Clause> = Vec::new();
    let mut open: Vec<Token> = Vec::new();
    let mut joined = false;
    let flush = |open: &mut Vec<Token>, joined: bool, out: &mut Vec<Clause>| {
        if let (Some(a), Some(b)) = (open.first(), open.last()) {
            let (start, end) = (a.start, b.end);
            let tokens: Vec<Token> =
                std::mem::take(open).into_iter().filter(|t| !t.mark().is_some_and(markup)).collect();
            out.push(Clause { start, end, tokens, joined });
        }
    };
    for (i, token) in part.iter().enumerate() {
        let next = part.get(i + 1);
        let breaks = match token.mark() {
            Some(',' | ';' | ':' | '、' | '—' | '–' | '(' | ')' | '。' | '!' | '?' | '…') => true,
            Some('.') => next.is_none_or(|n| n.spaced),
            Some('→') => next.is_some_and(|n| n.any(&[Tag::Click, Tag::Drag])),
            Some('-') => token.spaced && next.is_some_and(|n| n.spaced),
            _ => false,
        };
        if breaks {
            flush(&mut open, joined, &mut out);
            joined = false;
            continue;
        }
        let link = token.any(&[Tag::And, Tag::Then, Tag::But]) && !open.is_empty();
        let ahead = part.get(i + 1..).unwrap_or_default();
        let verb = ahead
            .iter()
            .take_while(|t| t.mark().is_none_or(markup))
            .take(if token.cjk() { 9 } else { 4 })
            .any(|t| t.any(VERBS));
        // 看过之后点击: a condition, unless the step before it is an instruction of its own.
        let stepped = open.iter().any(|t| t.any(&[Tag::Click, Tag::Open, Tag::Drag]) && !t.is(Tag::Preview));
        // 打开面板后点击应用: two steps.
        let steps = stepped
            && next.is_some_and(|n| {
                n.cjk() && (n.is(Tag::Click) || matches!(n.norm.as_str(), "请" | "再" | "将" | "把"))
            });
        // "Click the speaker icon or press Mute": two, of which one is chosen.
        let either = matches!(token.norm.as_str(), "or" | "或" | "或者" | "或是" | "oder" | "ou" | "o")
            && open.iter().any(|t| t.any(&[Tag::Click, Tag::Open, Tag::Drag]))
            && !open.iter().any(|t| t.is(Tag::Neg))
            && next.is_some_and(|n| n.any(&[Tag::Click, Tag::Open, Tag::Drag]));
        let link = link || either || token.cjk() && token.norm == "后" && steps && !open.is_empty();
        let chained = token.cjk()
            && !steps
            && (token.norm == "后" || matches!(token.norm.as_str(), "之后" | "以后") && !stepped);
        let negated = open.last().is_some_and(|t| t.is(Tag::Neg) && t.cjk());
        let opening = open.iter().all(|t| t.is(Tag::If));
        if link && verb && !chained && !negated && !opening || open.len() >= LONGEST {
            flush(&mut open, joined, &mut out);
            joined = true;
        }
        if open.is_empty() && !joined {
            joined = token.any(&[Tag::And, Tag::Then]);
        }
        open.push(token.clone());
    }
    flush(&mut open, joined, &mut out);
    out
}
