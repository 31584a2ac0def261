//! Readings: what one clause asks for, by rules over its tags.

use super::clause::Clause;
use super::{Intent, Reason};
use crate::nemo::words::{Kind, Tag, Token};

/// What a clause was taken for.
pub(super) struct Reading {
    pub intent: Intent,
    pub reason: Reason,
}

/// The least weight at which a table action is believed; below it the clause goes to the editor.
const BELIEVED: f32 = 1.5;

/// Reads one clause. `None`: nothing is asked for (a greeting, a remark).
pub(super) fn read(clause: &Clause<'_>) -> Option<Reading> {
    let edit = first_edit(clause);
    let candidates = [export(clause, edit), credits(clause, edit), state(clause, edit), upload(clause, edit)];
    let best = candidates
        .into_iter()
        .flatten()
        .filter(|r| r.reason.weight >= BELIEVED)
        .max_by(|a, b| a.reason.weight.total_cmp(&b.reason.weight));
    best.or_else(|| edit.map(|at| reading(clause, Intent::Edit, at, "edit verb", 2.0))).or_else(|| {
        let at = clause.live().find(|(_, t)| t.any(&[Tag::EditWord, Tag::Picture]))?.0;
        Some(reading(clause, Intent::Edit, at, "thing in a video", 1.0))
    })
}

fn reading(clause: &Clause<'_>, intent: Intent, at: usize, rule: &'static str, weight: f32) -> Reading {
    let span = clause.tokens.get(at).map_or((0, 0), |t| (t.start, t.end));
    Reading { intent, reason: Reason { intent, rule, start: span.0, end: span.1, weight } }
}

/// The first live verb of editing that is a verb here ("the cut" and "a title" are not).
fn first_edit(clause: &Clause<'_>) -> Option<usize> {
    let verb = |i: usize| {
        let before = i.checked_sub(1).and_then(|b| clause.tokens.get(b));
        !before.is_some_and(|b| b.any(&[Tag::Det, Tag::Finished]) && !b.cjk())
    };
    clause.live().find(|&(i, t)| t.is(Tag::Edit) && verb(i)).map(|(i, _)| i)
}

fn edit_before(edit: Option<usize>, at: usize) -> bool {
    edit.is_some_and(|e| e < at)
}

fn next_is_thing(clause: &Clause<'_>, at: usize) -> bool {
    clause.tokens.get(at + 1).is_some_and(|n| {
        n.any(&[Tag::Ui, Tag::Other]) && !n.is(Tag::Func) || n.glued || n.mark() == Some('-')
    })
}

fn export(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let pictured = c.has(Tag::Picture) || c.has(Tag::Problem);
    if let Some(at) = c.find(Tag::Export) {
        let asked = c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.any(&[Tag::What, Tag::HowLong]))
            && !c.has(Tag::LinkWord);
        let weight = 3.0 - c.residue(0, at) - 0.34 * c.residue(at + 1, n) - if pictured { 1.2 } else { 0.0 };
        if !edit_before(edit, at) && !next_is_thing(c, at) && !asked {
            return Some(reading(c, Intent::Export, at, "export verb", weight));
        }
    }
    let render = c.find(Tag::Render).filter(|&at| {
        !edit_before(edit, at)
            && all == 0.0
            && c.any(&[Tag::Whole, Tag::Finished, Tag::Container, Tag::Video])
    });
    if let Some(at) = render {
        return Some(reading(c, Intent::Export, at, "render the whole", 1.8));
    }
    let give = c.find(Tag::Give);
    let get = c.find(Tag::Get);
    let save = c.find(Tag::Save).or_else(|| c.find(Tag::Put));
    let finished = c.has(Tag::Finished);
    let named = c.any(&[Tag::Container, Tag::LinkWord])
        || finished && c.any(&[Tag::Video, Tag::FileWord, Tag::Whole])
        || finished && give.is_some();
    let verb = give.or(get).or(save);
    let early = |at: usize| {
        !edit.is_some_and(|e| e < at && !c.tokens.get(e).is_some_and(|t| t.any(&[Tag::Put, Tag::Get])))
    };
    if c.has(Tag::EditWord) && !named || c.has(Tag::What) && !c.has(Tag::LinkWord) && give.is_none() {
        return None;
    }
    if let (Some(at), Some(_)) = (verb, c.find(Tag::Device)) {
        if early(at) && !pictured {
            return Some(reading(c, Intent::Export, at, "onto a device", 2.5 - 0.5 * all));
        }
    }
    if let Some(at) = verb.filter(|&at| named && early(at) && !pictured) {
        return Some(reading(c, Intent::Export, at, "the finished file", 2.6 - 0.6 * all));
    }
    let definite = !c.tokens.windows(2).any(|w| matches!(w, [a, v] if v.is(Tag::Video) && matches!(a.norm.as_str(), "a" | "an" | "another" | "some" | "un" | "une" | "um" | "ein" | "einen" | "一个" | "一条" | "一段" | "个")));
    if let Some(at) = give
        .or(c.find(Tag::Save))
        .filter(|&at| definite && early(at) && c.any(&[Tag::Video, Tag::Whole, Tag::FileWord]))
    {
        return Some(reading(
            c,
            Intent::Export,
            at,
            "hand over the video",
            2.0 - all - if pictured { 1.0 } else { 0.0 },
        ));
    }
    let bare = c
        .find(Tag::Container)
        .or_else(|| c.find(Tag::LinkWord))
        .or_else(|| c.find(Tag::Finished).filter(|_| c.has(Tag::Video)));
    bare.filter(|_| edit.is_none() && all == 0.0 && !pictured && !c.has(Tag::Be))
        .map(|at| reading(c, Intent::Export, at, "names the file", 1.6))
}

fn credits(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let helpers = [
        Tag::HowMany,
        Tag::Left,
        Tag::Check,
        Tag::Tell,
        Tag::What,
        Tag::Account,
        Tag::Enough,
        Tag::Spend,
        Tag::RunOut,
        Tag::I,
        Tag::Show,
    ];
    let help = helpers.iter().filter(|&&t| c.has(t)).count() as f32;
    let picture = if c.any(&[Tag::Picture, Tag::Ui]) { 1.5 } else { 0.0 };
    let asks = c.find(Tag::HowMany).or_else(|| c.find(Tag::Enough)).or_else(|| c.find(Tag::Check));
    if let Some(at) = c.find(Tag::Credit).or_else(|| c.find(Tag::Balance)) {
        let before = edit_before(edit, at) && !asks.is_some_and(|a| edit.is_some_and(|e| a < e));
        if !before && !next_is_thing(c, at) {
            let weight = 2.0 + 0.4 * help - 0.5 * all - picture;
            return Some(reading(c, Intent::Credits, at, "names the balance", weight));
        }
    }
    let many = c.find(Tag::HowMany);
    let time = c.any(&[Tag::HowLong, Tag::Progress]);
    let at = if c.has(Tag::Account)
        && c.any(&[Tag::HowMany, Tag::What, Tag::Enough, Tag::Left, Tag::RunOut, Tag::Check, Tag::Show])
    {
        c.find(Tag::Account)
    } else if c.has(Tag::Enough) && c.any(&[Tag::Job, Tag::Left]) {
        c.find(Tag::Enough)
    } else if c.any(&[Tag::Afford, Tag::RunOut]) && c.has(Tag::Job) {
        c.find(Tag::Afford).or_else(|| c.find(Tag::RunOut))
    } else if many.is_some()
        && c.any(&[Tag::Left, Tag::Afford, Tag::Spend])
        && c.any(&[Tag::Job, Tag::I, Tag::Spend, Tag::Afford])
        && !c.any(&[Tag::Project, Tag::Asset])
    {
        many
    } else {
        None
    };
    let at = at.filter(|&at| !time && !edit_before(edit, at))?;
    Some(reading(c, Intent::Credits, at, "what the account still allows", 2.4 - 0.4 * all - picture))
}

fn state(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let found = |tag: Tag| c.find(tag).filter(|&at| !edit_before(edit, at));
    if c.has(Tag::Picture) || c.live().any(|(_, t)| matches!(t.norm.as_str(), "should" | "would" | "better"))
    {
        return None;
    }
    if let Some(at) = found(Tag::Progress) {
        return Some(reading(c, Intent::State, at, "asks how far it is", 2.4 - 0.5 * all));
    }
    if let Some(at) = found(Tag::State).filter(|&at| !next_is_thing(c, at)) {
        return Some(reading(c, Intent::State, at, "names the state", 2.4 - 0.45 * all));
    }
    let holds = c.any(&[Tag::Project, Tag::Asset]);
    if let Some(at) = found(Tag::HowLong)
        .filter(|_| c.any(&[Tag::Video, Tag::Whole, Tag::Project, Tag::SoFar, Tag::They]) || all == 0.0)
    {
        return Some(reading(c, Intent::State, at, "asks for a measure", 2.2 - 0.5 * all));
    }
    if let Some(at) = found(Tag::Show).or_else(|| found(Tag::Tell)).filter(|_| holds) {
        return Some(reading(c, Intent::State, at, "asks for a list", 2.2 - 0.5 * all));
    }
    let what = found(Tag::What).or_else(|| found(Tag::HowMany));
    if let Some(at) =
        what.filter(|_| holds && (c.any(&[Tag::Have, Tag::SoFar, Tag::Contain, Tag::Uploaded]) || all == 0.0))
    {
        return Some(reading(c, Intent::State, at, "asks what is there", 2.2 - 0.5 * all));
    }
    let changed = what.filter(|_| c.has(Tag::Changed) && c.any(&[Tag::SoFar, Tag::You]));
    changed.map(|at| reading(c, Intent::State, at, "asks what was done", 2.0 - 0.5 * all))
}

fn upload(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    if let Some(at) = c.find(Tag::Attach).filter(|&at| !edit_before(edit, at)) {
        return Some(reading(c, Intent::Upload, at, "speaks of an attachment", 2.4 - 0.3 * c.residue(0, n)));
    }
    let at = c.find(Tag::Upload).filter(|&at| !edit_before(edit, at) && !next_is_thing(c, at))?;
    if c.has(Tag::Platform) || c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.is(Tag::What)) {
        return None;
    }
    let picture = if c.has(Tag::Picture) { 0.8 } else { 0.0 };
    Some(reading(
        c,
        Intent::Upload,
        at,
        "upload verb",
        2.6 - c.residue(0, at) - 0.3 * c.residue(at + 1, n) - picture,
    ))
}

/// Is the file or link at `at` handed over (and not a destination or a model)?
pub(super) fn hands_over(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    let before = tokens.get(at.saturating_sub(10)..at).unwrap_or_default();
    let near = tokens.get(at.saturating_sub(4)..at).unwrap_or_default();
    let after = tokens.get(at + 1..).unwrap_or_default();
    let after = after.get(..after.len().min(5)).unwrap_or_default();
    let has = |part: &[Token], tag: Tag| part.iter().any(|t| t.is(tag));
    let model = has(before, Tag::Ref) || has(after, Tag::Ref);
    let destination = near.iter().any(|t| t.any(&[Tag::Export, Tag::Save])) && !has(before, Tag::Upload)
        || matches!(near.last(), Some(t) if matches!(t.norm.as_str(), "to" | "as" | "into" | "in" | "called" | "named" | "到" | "为" | "成" | "叫"))
            && before.iter().any(|t| t.any(&[Tag::Export, Tag::Save, Tag::Put, Tag::Give]));
    let shown = before.iter().any(|t| t.any(&[Tag::Attach, Tag::HereIs, Tag::Upload, Tag::Own]))
        || near.iter().any(|t| matches!(t.mark(), Some('📎' | '[' | '<' | '🎬' | '🎥')));
    match token.kind {
        Kind::Media => !destination && !model,
        Kind::File => {
            !destination
                && !model
                && (shown || tokens.iter().all(|t| t.kind != Kind::Word || !t.is(Tag::Edit)))
        }
        Kind::Link => !model && shown && !before.iter().any(|t| t.any(&[Tag::Export])),
        _ => false,
    }
}
