//! Clauses: where one wish ends and the next begins, and which words in them do not count.

use super::mask::{done_first, liveness};
use crate::nemo::words::{Kind, Tag, Token};

/// A run of tokens that holds at most one wish, with a mark per token: does it still count?
pub(super) struct Clause<'a> {
    pub tokens: &'a [Token],
    pub live: Vec<bool>,
    /// "First" or "but first" stands in it: it goes ahead of what was said before.
    pub first: bool,
    /// Ends with a question mark.
    pub asks: bool,
    /// Written on the screen or said in the picture: nothing in it counts.
    pub spoken: bool,
}

impl Clause<'_> {
    /// Live tokens with their places.
    pub(super) fn live(&self) -> impl Iterator<Item = (usize, &Token)> {
        self.tokens.iter().enumerate().filter(|(i, _)| self.live.get(*i).copied().unwrap_or(false))
    }
    pub(super) fn find(&self, tag: Tag) -> Option<usize> {
        self.live().find(|(_, t)| t.is(tag)).map(|(i, _)| i)
    }
    pub(super) fn has(&self, tag: Tag) -> bool {
        self.find(tag).is_some()
    }
    pub(super) fn any(&self, tags: &[Tag]) -> bool {
        self.live().any(|(_, t)| t.any(tags))
    }
    /// How many words in `from..to` the tables do not know as part of a request.
    pub(super) fn residue(&self, from: usize, to: usize) -> f32 {
        self.tokens.get(from.min(to)..to.min(self.tokens.len())).unwrap_or_default().iter().map(weight).sum()
    }
}

fn weight(token: &Token) -> f32 {
    if matches!(token.norm.as_str(), "的视频" | "的短片" | "的短视频") {
        return 0.0;
    }
    let content = !token.tags.known()
        || token.any(&[Tag::Other, Tag::Picture]) && !token.any(&[Tag::Func, Tag::Project, Tag::Asset]);
    match token.kind {
        Kind::Word if content && token.cjk() && token.norm.chars().count() == 1 => 0.5,
        Kind::Word if content => 1.0,
        _ => 0.0,
    }
}

const WISHES: &[Tag] = &[
    Tag::Export,
    Tag::Upload,
    Tag::Edit,
    Tag::Show,
    Tag::Tell,
    Tag::Check,
    Tag::Give,
    Tag::Save,
    Tag::Ask,
    Tag::HowMany,
    Tag::What,
];

/// The longest clause, in tokens.
pub(super) const LONGEST: usize = 160;

/// Cuts a message into clauses and marks the words that do not count.
pub(super) fn clauses<'a>(tokens: &'a [Token]) -> Vec<Clause<'a>> {
    let mut out: Vec<Clause<'a>> = Vec::new();
    let mut start = 0;
    let mut spoken = false;
    let close = |from: usize, to: usize, spoken: bool, out: &mut Vec<Clause<'a>>| {
        let Some(part) = tokens.get(from..to).filter(|p| !p.is_empty()) else { return };
        let live = if spoken { vec![false; part.len()] } else { liveness(part) };
        let awaited = done_first(part) && out.last().is_some_and(|c| c.has(Tag::Export));
        out.push(Clause {
            tokens: part,
            live,
            first: awaited || part.iter().any(|t| t.is(Tag::First)),
            asks: tokens.get(to).is_some_and(|t| t.mark() == Some('?')),
            spoken,
        });
    };
    for (i, token) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1);
        let ends = match token.kind {
            Kind::Line => true,
            Kind::Mark(c) => matches!(
                c,
                '.' | '!'
                    | '?'
                    | ';'
                    | '。'
                    | ','
                    | ':'
                    | '…'
                    | '—'
                    | '–'
                    | '('
                    | ')'
                    | '¿'
                    | '¡'
                    | '-'
                    | '~'
                    | '→'
                    | '>'
            ),
            _ => false,
        };
        let opens = i > start && begins(tokens, start, i);
        // A clause without end is cut, so that the work stays in proportion to the text.
        let opens = opens || i >= start + LONGEST;
        if ends {
            close(start, i, spoken, &mut out);
            let titled = |c: &Clause<'_>| {
                let asks = [
                    Tag::Export,
                    Tag::Upload,
                    Tag::State,
                    Tag::Credit,
                    Tag::Ask,
                    Tag::HereIs,
                    Tag::Attach,
                    Tag::Own,
                ];
                c.has(Tag::Says) || c.any(&[Tag::Picture, Tag::Ui]) && !c.any(&asks)
            };
            let says = token.mark() == Some(':') && out.last().is_some_and(titled);
            let stops = !matches!(token.kind, Kind::Mark(',' | ':' | '-' | '—' | '–'));
            spoken = (says && next.is_some_and(|n| n.kind != Kind::Media)) || spoken && !stops;
            start = i + 1;
        } else if opens {
            close(start, i, spoken, &mut out);
            start = i;
        }
    }
    close(start, tokens.len(), spoken, &mut out);
    out
}

/// Does a new clause begin at the word at `at`, of one that began at `start`?
fn begins(tokens: &[Token], start: usize, at: usize) -> bool {
    let (Some(token), next) = (tokens.get(at), tokens.get(at + 1)) else { return false };
    let follows = || wish_follows(tokens, at);
    if token.is(Tag::And) && follows() {
        return true;
    }
    // "Export once you've removed the second clip": two wishes, the second goes ahead.
    if token.is(Tag::After) && at > start && tokens.get(at..).is_some_and(done_first) {
        return tokens.get(start..at).unwrap_or_default().iter().any(|t| t.is(Tag::Export));
    }
    // 去掉水印后导出: first the one, then the other.
    if token.norm == "后" && next.is_some_and(|n| n.any(&[Tag::Export, Tag::Give])) {
        return tokens.get(start..at).unwrap_or_default().iter().any(|t| t.is(Tag::Edit));
    }
    if !token.any(&[Tag::Then, Tag::But]) && token.norm != "so" {
        return false;
    }
    // "Is it in yet?"
    if token.is(Tag::SoFar) && !token.cjk() && next.is_none_or(|n| n.kind != Kind::Word) {
        return false;
    }
    // 还有 is "also" before a request, else "there is still".
    if token.is(Tag::Left) {
        return next.is_some_and(|n| n.is(Tag::Ask)) && follows();
    }
    // "I need to show this tomorrow so get me a file".
    if token.norm == "so" && at > start {
        let verb =
            |t: &Token| t.any(&[Tag::Give, Tag::Export, Tag::Edit, Tag::Save, Tag::Ask]) && !t.is(Tag::I);
        let just = next.is_some_and(|n| matches!(n.norm.as_str(), "just" | "now" | "then"));
        return next.is_some_and(verb) || just && tokens.get(at + 2).is_some_and(verb);
    }
    // 不用再改: one denial.
    if token.norm == "再" && at > start && tokens.get(at - 1).is_some_and(|t| t.is(Tag::Neg) && t.cjk()) {
        return false;
    }
    // 晚点再导出, 等客户确认再导出: one wish, put off.
    let waits = tokens.get(start..at).unwrap_or_default();
    let waits = waits.iter().take(2).any(|t| t.norm == "等") && !waits.iter().any(|t| t.is(Tag::Edit));
    if token.norm == "再" && at > start && (waits || tokens.get(at - 1).is_some_and(|t| t.is(Tag::Later))) {
        return false;
    }
    !token.is(Tag::Func) || follows()
}

fn wish_follows(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1..).unwrap_or_default().iter().take(3).any(|t| t.any(WISHES))
}
