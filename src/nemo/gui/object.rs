//! Objects: what an instruction names, and where its name ends.

use super::sentence::Clause;
use crate::nemo::words::{Kind, Tag, Token};

/// A control's name in the reply, and the index of the first token behind it.
pub(super) struct Named {
    pub name: String,
    pub behind: usize,
    /// Looks like a control: quoted, capitalised, of a known name, or called a button.
    pub sure: bool,
}

/// The control named after the verb at `verb`.
pub(super) fn control(reply: &str, clause: &Clause, verb: usize) -> Option<Named> {
    let tokens = &clause.tokens;
    let mut at = verb + 1;
    let plus = |at: usize| matches!(tokens.get(at..at + 2), Some([p, b]) if p.mark() == Some('+') && b.is(Tag::Button));
    while !plus(at) && tokens.get(at).is_some_and(|t| skipped(t) && !starts_name(tokens, at)) {
        at += 1;
    }
    let from = at;
    let first = tokens.get(at)?;
    if plus(at) {
        return Some(Named { name: "+".to_owned(), behind: at + 2, sure: true });
    }
    if first.kind == Kind::Quote {
        let behind = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|t| t.is(Tag::Button)));
        let name = inner(reply.get(first.start..first.end)?);
        return Some(path_end(reply, tokens, behind).unwrap_or(Named { name, behind, sure: true }));
    }
    // 照片下面的“替换”: the name stands behind its place.
    let quoted = tokens
        .iter()
        .enumerate()
        .skip(at)
        .take(10)
        .take_while(|(_, t)| t.mark().is_none())
        .find(|(_, t)| t.kind == Kind::Quote);
    if let Some((i, quote)) = quoted.filter(|&(i, _)| {
        first.cjk()
            && tokens.get(i - 1).is_some_and(|t| t.norm == "的")
            && !tokens.get(at..i).unwrap_or_default().iter().any(|t| t.is(Tag::Click) && !t.is(Tag::Control))
    }) {
        let behind = i + 1 + usize::from(tokens.get(i + 1).is_some_and(|t| t.is(Tag::Button)));
        let name = inner(reply.get(quote.start..quote.end)?);
        return Some(path_end(reply, tokens, behind).unwrap_or(Named { name, behind, sure: true }));
    }
    // The export control under any description: "the blue Export button", 顶部的导出.
    let described = tokens.iter().enumerate().skip(at).take(6).take_while(|(i, t)| {
        t.mark().is_none() && (*i == at || !t.any(&[Tag::And, Tag::Then, Tag::Purpose]) && t.norm != "to")
    });
    let export = described
        .take_while(|(_, t)| {
            t.norm.starts_with("export") || t.norm.starts_with("导出") || !t.is(Tag::Control)
        })
        .find(|(_, t)| exports(&t.norm));
    if let Some((i, t)) = export {
        let behind = i + 1 + usize::from(tokens.get(i + 1).is_some_and(|n| n.is(Tag::Button)));
        let name = reply.get(t.start..t.end)?.to_owned();
        return Some(Named { name, behind, sure: true });
    }
    // "el botón Exportar", "the button Save": the name stands behind.
    let called = tokens.get(at + 1).filter(|n| {
        first.is(Tag::Button)
            && !first.is(Tag::Control)
            && !first.cjk()
            && (n.kind == Kind::Quote || n.kind == Kind::Word && n.capital)
    });
    if let Some(n) = called {
        let run = tokens
            .iter()
            .skip(at + 1)
            .take(3)
            .take_while(|t| t.kind == n.kind && (t.capital || t.kind == Kind::Quote));
        let end = at + 1 + if n.kind == Kind::Quote { 1 } else { run.count() };
        let text = reply.get(n.start..tokens.get(end - 1)?.end)?;
        let name = if n.kind == Kind::Quote { inner(text) } else { bare(text) };
        return Some(Named { name, behind: end, sure: true });
    }
    // Up to the word "button", if there is one close by.
    let button = tokens
        .iter()
        .enumerate()
        .skip(at)
        .take(if first.cjk() || first.norm == "第" { 10 } else { 6 })
        .take_while(|(i, t)| {
            t.mark().is_none()
                && (*i == at
                    || !t.any(&[Tag::Purpose])
                        && !matches!(t.norm.as_str(), "to" | "so" | "for" | "and" | "or"))
        })
        .find(|(_, t)| t.is(Tag::Button) && !t.is(Tag::Control))
        .map(|(i, _)| i);
    if let Some(button) = button {
        let end = tokens.get(button.checked_sub(1)?.max(at))?;
        // The gear icon labelled "Settings".
        let labelled = tokens
            .get(button + 1)
            .is_some_and(|t| t.any(&[Tag::Says]) || matches!(t.norm.as_str(), "marked" | "saying" | "with"));
        if let Some(label) = tokens.get(button + 2).filter(|t| labelled && t.kind == Kind::Quote) {
            let name = inner(reply.get(label.start..label.end)?);
            return Some(Named { name, behind: button + 3, sure: true });
        }
        let quote = tokens.get(at..button)?.iter().rev().find(|t| t.kind == Kind::Quote);
        let start = if first.cjk() {
            tokens.get(at..button)?.iter().rposition(|t| t.norm == "的").map_or(at, |p| at + p + 1)
        } else {
            at
        };
        let name = match (quote, tokens.get(start)) {
            (Some(q), _) => inner(reply.get(q.start..q.end)?),
            (None, Some(s)) if start < button => reply.get(s.start..end.end)?.to_owned(),
            _ => reply.get(end.start..end.end)?.to_owned(),
        };
        return Some(Named { name: bare(&name), behind: button + 1, sure: true });
    }
    let mut end = at;
    while let Some(t) = tokens.get(end) {
        let goes_on = match t.kind {
            Kind::Word => {
                if t.cjk() {
                    t.is(Tag::Control) && end == from
                } else {
                    // "Fit to Frame"
                    let inner = end > from
                        && matches!(t.norm.as_str(), "to" | "of" | "by" | "at" | "as")
                        && tokens.get(end - 1).is_some_and(|b| b.capital)
                        && tokens.get(end + 1).is_some_and(|n| n.capital && !n.is(Tag::Det));
                    inner || t.capital || t.is(Tag::Control) && end == from
                }
            }
            Kind::Number => end > from,
            Kind::Mark(c) => matches!(c, '>' | '→' | '/' | '&') && end > from,
            _ => false,
        };
        if !goes_on {
            break;
        }
        end += 1;
    }
    // "Add music", 添加滤镜: a control's verb with its noun.
    let noun = |t: &Token| {
        t.kind == Kind::Word
            && !t.any(&[
                Tag::Func,
                Tag::Control,
                Tag::Can,
                Tag::Should,
                Tag::Purpose,
                Tag::Then,
                Tag::Preview,
                Tag::Save,
            ])
    };
    if end > from
        && first.is(Tag::Control)
        && tokens
            .get(end)
            .is_some_and(|t| noun(t) && (t.any(&[Tag::EditWord, Tag::Asset, Tag::Project]) || t.cjk()))
    {
        let tail = tokens.iter().skip(end).take(3).take_while(|t| noun(t)).count();
        let closed = tokens.get(end + tail).is_none_or(|t| !t.cjk() || t.any(&[Tag::Can, Tag::Button]));
        if closed && (!first.cjk() || end == from + 1) {
            end += if first.cjk() { tail } else { 1 };
        }
    }
    if end > from {
        let last = tokens.get(end - 1)?;
        let name = bare(reply.get(first.start..last.end)?);
        let parts: Vec<&str> = name.split(['>', '→']).map(str::trim).collect();
        let name =
            parts.iter().find(|p| exports(p)).or(parts.last()).map_or_else(String::new, |p| (*p).to_owned());
        return Some(Named { name, behind: end, sure: true });
    }
    if first.cjk() {
        // Chinese without a known name: everything up to the next verb-like word.
        let end = tokens
            .iter()
            .enumerate()
            .skip(at)
            .find(|(i, t)| {
                *i > at && t.any(&[Tag::Can, Tag::Purpose, Tag::Preview, Tag::Func]) || t.mark().is_some()
            })
            .map_or(tokens.len(), |(i, _)| i);
        let last = tokens.get(end.checked_sub(1)?)?;
        return Some(Named { name: bare(reply.get(first.start..last.end)?), behind: end, sure: false });
    }
    let end = tokens
        .iter()
        .enumerate()
        .skip(at)
        .take(4)
        .find(|(_, t)| t.mark().is_some() || t.is(Tag::Func))
        .map_or((at + 4).min(tokens.len()), |(i, _)| i);
    let last = tokens.get(end.checked_sub(1)?.max(at))?;
    Some(Named { name: bare(reply.get(first.start..last.end)?), behind: end.max(at + 1), sure: false })
}

/// "“File” > “Export”": the last of the chain is the control.
fn path_end(reply: &str, tokens: &[Token], from: usize) -> Option<Named> {
    let mut at = from;
    let mut name = None;
    while tokens.get(at).is_some_and(|t| matches!(t.mark(), Some('>' | '→'))) {
        let t = tokens.get(at + 1)?;
        let text = reply.get(t.start..t.end)?;
        name = Some(if t.kind == Kind::Quote { inner(text) } else { bare(text) });
        at += 2;
    }
    name.map(|name| Named { name, behind: at, sure: true })
}

fn skipped(t: &Token) -> bool {
    let small = t.any(&[Tag::Func, Tag::Det, Tag::Place, Tag::You, Tag::Then]) && !t.is(Tag::Control);
    small
        || t.cjk()
            && (t.any(&[Tag::Place, Tag::Func])
                || matches!(t.norm.as_str(), "片段" | "视频" | "界面" | "面板" | "屏幕" | "页面"))
        || matches!(t.mark(), Some('-' | '+'))
}

/// A skippable word that is itself the name ("click Left", 点击“上”).
fn starts_name(tokens: &[Token], at: usize) -> bool {
    let Some(t) = tokens.get(at) else { return false };
    let next = tokens.get(at + 1);
    let name_of_place = t.cjk() && t.any(&[Tag::Control]);
    name_of_place
        || !t.cjk()
            && t.capital
            && !t.is(Tag::Det)
            && t.norm != "on"
            && next.is_none_or(|n| !n.capital && !n.is(Tag::Button) && n.kind != Kind::Quote)
}

fn inner(quoted: &str) -> String {
    let mut chars = quoted.chars();
    chars.next();
    chars.next_back();
    bare(chars.as_str())
}

/// Without emphasis marks around it.
pub(super) fn bare(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`' | '[' | ']'))
        .replace("**", "")
}

/// Does the name mean the export control? (As the skill's row "Export button".)
pub(super) fn exports(name: &str) -> bool {
    let name = crate::nemo::words::folded(name);
    let name = name.trim_start_matches("the ");
    let name = ["boton de ", "boton ", "bouton ", "botao ", "schaltflache "]
        .iter()
        .find_map(|b| name.strip_prefix(b))
        .unwrap_or(name);
    ["export", "导出", "汇出", "exportar", "exporter", "书き出し", "書き出し", "エクスポート"]
        .iter()
        .any(|e| name.starts_with(e))
}
