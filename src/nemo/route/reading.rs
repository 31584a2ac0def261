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
    let verb = |i: usize| !noun(clause, i);
    clause.live().find(|&(i, t)| t.is(Tag::Edit) && verb(i)).map(|(i, _)| i)
}

/// An article stands before it, at most one word away ("the download", "my last export").
fn noun(clause: &Clause<'_>, at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).and_then(|b| clause.tokens.get(b));
    let article = |t: &Token| t.any(&[Tag::Det, Tag::Finished]) && !t.cjk() && !t.any(&[Tag::Edit, Tag::Ask]);
    let filler = |t: &Token| !t.cjk() && t.kind == Kind::Word && (!t.tags.known() || matches!(t.norm.as_str(), "last" | "first" | "next" | "own" | "previous" | "new" | "old"));
    before(1).is_some_and(article) && !before(1).is_some_and(|t| matches!(t.norm.as_str(), "this" | "that"))
        || before(1).is_some_and(filler) && before(2).is_some_and(article)
}

fn edit_before(edit: Option<usize>, at: usize) -> bool {
    edit.is_some_and(|e| e < at)
}

fn next_is_thing(clause: &Clause<'_>, at: usize) -> bool {
    clause.tokens.get(at + 1).is_some_and(|n| {
        n.any(&[Tag::Ui, Tag::Other]) && !n.is(Tag::Func) || n.glued || n.mark() == Some('-')
    })
}

/// Verbs of editing that, with a file type, ask for a file of it.
const TURN: &[&str] = &["convert", "turn it", "turn this", "make it", "make it a", "弄成", "转成", "转为", "做成"];

fn export(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let pictured = c.has(Tag::Picture) || c.has(Tag::Problem);
    if let Some(at) = c.find(Tag::Export) {
        let asked = c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.any(&[Tag::What, Tag::HowLong]))
            && !c.has(Tag::LinkWord);
        let wanted = c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.any(&[Tag::Ask, Tag::Give, Tag::Get]));
        let thing = noun(c, at) && !wanted && (all > 0.0 || c.any(&[Tag::Be, Tag::EditWord, Tag::Problem, Tag::Aux]));
        let money = c.any(&[Tag::Credit, Tag::Balance]) && c.any(&[Tag::HowMany, Tag::Spend, Tag::Enough]);
        let subject = c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.is(Tag::Picture));
        let asked = asked || thing || money || subject || c.tokens.iter().any(|t| t.norm == "hoch");
        // "Export the …", "export with …": an imperative, whatever its object is.
        let next = c.tokens.get(at + 1);
        let plain = !noun(c, at) && next.is_some_and(|t| !t.cjk() && (t.is(Tag::Det) || matches!(t.norm.as_str(), "in" | "as" | "for" | "to" | "with" | "without" | "only" | "both" | "all" | "it")));
        let (per_word, picture) = if plain { (0.2, 0.0) } else { (0.34, if pictured { 1.2 } else { 0.0 }) };
        let weight = 3.0 - c.residue(0, at) - per_word * c.residue(at + 1, n) - picture;
        if !edit_before(edit, at) && !next_is_thing(c, at) && !asked {
            return Some(reading(c, Intent::Export, at, "export verb", weight));
        }
    }
    let render = c.find(Tag::Render).filter(|&at| {
        !edit_before(edit, at)
            && !noun(c, at)
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
    if c.tokens.iter().any(|t| t.norm == "给你") {
        return None;
    }
    let made = edit.filter(|&e| c.tokens.get(e).is_some_and(|t| matches!(t.norm.as_str(), "produce" | "make" | "make the" | "create" | "generate" | "finish")));
    if let Some(at) = made.filter(|_| (finished && c.has(Tag::FileWord) || c.has(Tag::Container)) && all == 0.0) {
        return Some(reading(c, Intent::Export, at, "make the file", 2.1));
    }
    let named = c.any(&[Tag::Container, Tag::LinkWord])
        || finished && c.any(&[Tag::Video, Tag::FileWord, Tag::Whole])
        || finished && give.is_some();
    let verb = give.or(get).or(save);
    let early = |at: usize| {
        !edit.is_some_and(|e| e < at && !c.tokens.get(e).is_some_and(|t| t.any(&[Tag::Put, Tag::Get])))
    };
    let file = c.find(Tag::Container).or(c.find(Tag::FileWord).filter(|_| give.is_some())).filter(|_| all == 0.0 && !pictured);
    let turned = edit.and_then(|e| c.tokens.get(e)).is_some_and(|t| TURN.contains(&t.norm.as_str()));
    if let Some(at) = file.filter(|_| turned) {
        return Some(reading(c, Intent::Export, at, "turn it into a file", 2.1));
    }
    let link = c.find(Tag::LinkWord).filter(|_| edit.is_none() && all <= 1.5);
    let download = link.and_then(|l| c.tokens.get(l)).is_some_and(|t| t.norm.starts_with("download") || t.norm.starts_with("下载"));
    if let Some(at) = link.filter(|_| download) {
        return Some(reading(c, Intent::Export, at, "asks for the download link", 2.1 - 0.3 * all));
    }
    let link = link.filter(|_| all == 0.0);
    if let Some(at) = link.filter(|_| c.any(&[Tag::What, Tag::Finished, Tag::Video, Tag::Have])) {
        return Some(reading(c, Intent::Export, at, "asks for the link", 2.0));
    }
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
    let the = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "the" | "my" | "this" | "that"));
    let definite = !c.tokens.windows(2).any(|w| matches!(w, [a, v] if v.is(Tag::Video) && matches!(a.norm.as_str(), "a" | "an" | "another" | "some" | "un" | "une" | "um" | "ein" | "einen" | "一个" | "一条" | "一段" | "个")));
    if let Some(at) = give
        .or(c.find(Tag::Save).filter(|_| !c.has(Tag::Ref) || c.has(Tag::Finished)))
        .filter(|&at| definite && early(at) && c.any(&[Tag::Video, Tag::Whole, Tag::FileWord]))
    {
        return Some(reading(
            c,
            Intent::Export,
            at,
            "hand over the video",
            2.0 - if the { 0.45 } else { 1.0 } * all - if pictured { 1.0 } else { 0.0 },
        ));
    }
    let mine = |t: &Token| matches!(t.norm.as_str(), "get" | "grab" | "fetch" | "retrieve" | "i want" | "i just want" | "i need" | "can i have" | "can i get" | "could i get" | "could i have" | "may i have" | "we need" | "i'd like to have");
    if let Some(at) = get.filter(|&at| all == 0.0 && edit.is_none() && the && c.tokens.get(at).is_some_and(mine) && c.has(Tag::Video)) {
        return Some(reading(c, Intent::Export, at, "have the video", 1.8));
    }
    let over = |t: &Token| matches!(t.norm.as_str(), "发我" | "发给我" | "传给我" | "发过来" | "传我" | "发送给我" | "send over");
    if let Some(at) = give.filter(|&at| c.tokens.get(at).is_some_and(over) && all == 0.0 && edit.is_none()) {
        return Some(reading(c, Intent::Export, at, "send it over", 1.7));
    }
    if c.any(&[Tag::Show, Tag::Check, Tag::What, Tag::Tell]) && give.is_none() {
        return None;
    }
    let bare = c
        .find(Tag::Container)
        .or_else(|| c.find(Tag::FileWord).filter(|_| the && !c.tokens.iter().any(|t| t.kind == Kind::Number)))
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
    let theirs = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "his" | "her" | "their" | "someone's" | "he" | "she" | "they"));
    let picture = if theirs || c.any(&[Tag::Picture, Tag::Ui]) { 1.5 } else { 0.0 };
    let asks = c.find(Tag::HowMany).or_else(|| c.find(Tag::Enough)).or_else(|| c.find(Tag::Check));
    if let Some(at) = c.find(Tag::Credit).or_else(|| c.find(Tag::Balance)) {
        let suffices = c.tokens.get(at).is_some_and(Token::cjk) && c.has(Tag::Enough);
        let before = edit_before(edit, at) && !asks.is_some_and(|a| edit.is_some_and(|e| a < e)) && !suffices;
        let first = c.tokens.get(at).is_some_and(|t| t.is(Tag::Balance) && !t.cjk()) && at == 0 && !c.tokens.get(1).is_none_or(|t| t.any(&[Tag::Filler, Tag::Ask, Tag::Left, Tag::SoFar, Tag::HowMany, Tag::Be, Tag::Func, Tag::Check]) && !t.is(Tag::Det) || t.mark().is_some());
        let film = c.tokens.get(..at).is_some_and(|p| matches!(p, [.., i, d] if matches!(i.norm.as_str(), "in" | "during" | "over" | "after") && d.is(Tag::Det)));
        let tuned = c.tokens.get(at).is_some_and(|t| t.is(Tag::Balance)) && c.has(Tag::EditWord);
        let first = first || film || tuned;
        let article = c.tokens.first().is_some_and(|t| matches!(t.norm.as_str(), "a" | "an")) && help == 0.0;
        if !before && !next_is_thing(c, at) && !first && !article {
            let weight = 2.0 + 0.4 * help - 0.5 * all - picture;
            return Some(reading(c, Intent::Credits, at, "names the balance", weight));
        }
    }
    let many = c.find(Tag::HowMany);
    let time = c.any(&[Tag::HowLong, Tag::Progress]);
    let free = |t: &Token| t.is(Tag::Job) && (t.norm.starts_with("free") || t.norm.starts_with("generation"));
    let at = if c.has(Tag::Job) && (c.has(Tag::Left) && edit.is_none() || many.is_some() && c.has(Tag::I) && edit.is_none())
        || c.tokens.iter().any(free) && c.has(Tag::I) && c.any(&[Tag::Have, Tag::SoFar, Tag::Left, Tag::HowMany])
    {
        c.find(Tag::Job)
    } else if c.has(Tag::Afford) && c.has(Tag::What) && edit.is_none() {
        c.find(Tag::Afford)
    } else if c.has(Tag::Account)
        && c.any(&[Tag::HowMany, Tag::What, Tag::Enough, Tag::Left, Tag::RunOut, Tag::Check, Tag::Show, Tag::Afford])
    {
        c.find(Tag::Account)
    } else if c.has(Tag::Enough) && c.any(&[Tag::Job, Tag::Left]) {
        c.find(Tag::Enough)
    } else if c.any(&[Tag::Afford, Tag::RunOut]) && c.any(&[Tag::Job, Tag::HowMany]) {
        c.find(Tag::Afford).or_else(|| c.find(Tag::RunOut))
    } else if c.has(Tag::Spend) && c.has(Tag::Job) && c.any(&[Tag::What, Tag::HowMany]) {
        c.find(Tag::Spend)
    } else if many.is_some() && all == 0.0 && c.has(Tag::Left) && many.and_then(|m| c.tokens.get(m)).is_some_and(|t| t.cjk() && t.is(Tag::Left)) {
        many
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
    if c.has(Tag::Picture) || c.live().any(|(_, t)| matches!(t.norm.as_str(), "should" | "better" | "best" | "recommend"))
        || c.live().any(|(_, t)| t.norm == "would") && !c.any(&[Tag::SoFar, Tag::Exported, Tag::Export])
    {
        return None;
    }
    if let Some(at) = found(Tag::Progress) {
        return Some(reading(c, Intent::State, at, "asks how far it is", 2.4 - 0.5 * all));
    }
    if let Some(at) = found(Tag::State).filter(|&at| !next_is_thing(c, at)) {
        return Some(reading(c, Intent::State, at, "names the state", 2.4 - 0.45 * all));
    }
    if c.asks && c.tokens.len() == 1 && c.any(&[Tag::Done, Tag::Project]) || all == 0.0 && bare_overview(c) {
        return Some(reading(c, Intent::State, 0, "names it and asks", 1.8));
    }
    let holds = (c.any(&[Tag::Project, Tag::Asset]) || c.has(Tag::Video) && c.has(Tag::SoFar)) && !c.has(Tag::LinkWord);
    let good = c.tokens.windows(2).any(|w| matches!(w, [w, a] if w.any(&[Tag::What, Tag::HowLong]) && matches!(a.norm.as_str(), "a" | "an")));
    if let Some(at) = found(Tag::HowLong).filter(|_| !good)
        .filter(|_| c.any(&[Tag::Video, Tag::Whole, Tag::Project, Tag::SoFar, Tag::They]) || all == 0.0)
    {
        return Some(reading(c, Intent::State, at, "asks for a measure", 2.2 - 0.5 * all));
    }
    if let Some(at) = found(Tag::Show).or_else(|| found(Tag::Tell)).filter(|_| holds) {
        return Some(reading(c, Intent::State, at, "asks for a list", 2.2 - 0.5 * all));
    }
    let what = found(Tag::What).or_else(|| found(Tag::HowMany));
    let there = c.any(&[Tag::Contain, Tag::SoFar]) || located(c);
    if let Some(at) = what.filter(|_| c.any(&[Tag::Contain, Tag::Have]) && c.any(&[Tag::Contain, Tag::SoFar, Tag::We]) && all == 0.0) {
        return Some(reading(c, Intent::State, at, "asks what is there", 2.2));
    }
    if let Some(at) = what.filter(|_| located(c)) {
        return Some(reading(c, Intent::State, at, "asks what stands there", 2.3 - 0.4 * all));
    }
    if let Some(at) = yes_or_no(c).filter(|_| all <= 1.0 && (there || c.any(&[Tag::Have, Tag::Changed, Tag::Done]))) {
        return Some(reading(c, Intent::State, at, "asks whether it is so", 1.9 - 0.3 * all));
    }
    let offers = what.and_then(|w| c.tokens.get(w)).is_some_and(|t| matches!(t.norm.as_str(), "do you have" | "is there" | "are there" | "is there anything"));
    let what = what.filter(|_| !offers || there || c.any(&[Tag::Own, Tag::Uploaded]));
    if let Some(at) =
        what.filter(|_| holds && (c.any(&[Tag::Have, Tag::SoFar, Tag::Contain, Tag::Uploaded]) || all == 0.0))
    {
        return Some(reading(c, Intent::State, at, "asks what is there", 2.2 - 0.5 * all));
    }
    let first = c.tokens.first();
    let arrived = c.any(&[Tag::Asset, Tag::Uploaded]) && c.has(Tag::Have) && c.tokens.iter().filter(|t| t.cjk() || first.is_some_and(|f| f.start == t.start)).any(|t| matches!(t.norm.as_str(), "吗" | "没" | "了没" | "没有" | "在吗" | "都在吗" | "在不在" | "到了没" | "did" | "have" | "has"));
    if let Some(at) = c.find(Tag::Have).filter(|_| arrived && edit.is_none()) {
        return Some(reading(c, Intent::State, at, "asks what arrived", 2.2 - 0.5 * all));
    }
    let would_hold = what.filter(|_| c.any(&[Tag::Have, Tag::Get]) && c.any(&[Tag::Export, Tag::Exported]) && all == 0.0 && !c.has(Tag::LinkWord));
    if let Some(at) = would_hold {
        return Some(reading(c, Intent::State, at, "asks what the file holds", 1.8));
    }
    let changed = what.filter(|_| c.any(&[Tag::Changed, Tag::Done]) && c.any(&[Tag::SoFar, Tag::You]) || c.has(Tag::Uploaded) && !c.any(&[Tag::EditWord, Tag::Edit]));
    changed.map(|at| reading(c, Intent::State, at, "asks what was done", 2.0 - 0.5 * all))
}

/// "In the project", "on the timeline": said of a place, not of a wish.
fn located(c: &Clause<'_>) -> bool {
    let place = |w: &[Token]| match w {
        [a, .., p] => matches!(a.norm.as_str(), "in" | "on" | "inside") && p.any(&[Tag::Project, Tag::Contain]),
        _ => false,
    };
    c.tokens.windows(3).any(place) || c.tokens.windows(2).any(place)
        || c.tokens.windows(2).any(|w| matches!(w, [p, i] if p.cjk() && p.is(Tag::Project) && matches!(i.norm.as_str(), "里" | "上" | "中" | "里面" | "上面")))
}

/// The verb of a question that is answered by yes or no about what is there already.
fn yes_or_no(c: &Clause<'_>) -> Option<usize> {
    let first = c.tokens.iter().position(|t| !t.any(&[Tag::And, Tag::But, Tag::Filler, Tag::Greet, Tag::Then]) || t.any(&[Tag::Be, Tag::Aux]))?;
    let head = c.tokens.get(first)?;
    let english = matches!(head.norm.as_str(), "did you" | "did" | "does" | "is" | "are" | "has" | "have you" | "is the" | "do you still have" | "do you" | "is there" | "are there" | "did it" | "was" | "were" | "is it" | "are they" | "is that" | "is my") && (c.asks || c.has(Tag::SoFar));
    let han = c.tokens.iter().rev().take(2).any(|t| matches!(t.norm.as_str(), "吗" | "没" | "没有" | "了没" | "了吗" | "还在吗")) && c.tokens.iter().any(|t| t.norm.starts_with('了') || t.norm.contains("还在") || t.is(Tag::Have)) && c.any(&[Tag::Project, Tag::EditWord, Tag::Asset]);
    let can = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "能" | "可以" | "想" | "要"));
    (english || han && !can).then_some(first)
}

/// Nothing but the name of an overview: "tracks", "timeline overview please".
fn bare_overview(c: &Clause<'_>) -> bool {
    let named = |t: &Token| matches!(t.norm.as_str(), "tracks" | "timeline" | "layers" | "tracklist" | "track list" | "timeline overview" | "project overview" | "轨道" | "时间线" | "时间轴" | "图层");
    c.tokens.iter().any(named) && c.tokens.iter().all(|t| named(t) || t.any(&[Tag::Ask, Tag::Filler, Tag::Det, Tag::Greet, Tag::SoFar]) || t.kind != Kind::Word)
}

fn upload(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let media = c.any(&[Tag::Asset, Tag::FileWord, Tag::Video]) && !c.any(&[Tag::EditWord, Tag::Uploaded, Tag::Exported]);
    let own = c.live().find(|(i, t)| {
        let device = c.tokens.get(i + 1..).unwrap_or_default().iter().take(2).any(|n| n.is(Tag::Device));
        matches!(t.norm.as_str(), "my own" | "own" | "自己的" | "我自己的") || matches!(t.norm.as_str(), "from my" | "from") && device
    });
    let stored = c.has(Tag::Have) && c.has(Tag::I) && c.has(Tag::Device) && !c.any(&[Tag::Save, Tag::Give, Tag::Get]);
    let takes = edit.and_then(|e| c.tokens.get(e)).is_none_or(|t| matches!(t.norm.as_str(), "add" | "use" | "use a" | "use some" | "put" | "put my" | "take the" | "insert" | "用" | "加" | "添加"));
    if let Some((at, _)) = own.filter(|_| media && takes && all <= 1.0 && c.any(&[Tag::Ask, Tag::I, Tag::You, Tag::Question])) {
        return Some(reading(c, Intent::Upload, at, "own media", 2.2 - 0.4 * all));
    }
    if let Some(at) = c.find(Tag::Have).filter(|_| stored && media && takes && all <= 1.0) {
        return Some(reading(c, Intent::Upload, at, "media on a device", 2.0 - 0.4 * all));
    }
    let to_you = c.tokens.iter().position(|t| matches!(t.norm.as_str(), "给你" | "of mine"));
    if let Some(at) = to_you.filter(|_| media && takes && all <= 1.0) {
        return Some(reading(c, Intent::Upload, at, "media for you", 2.2 - 0.4 * all));
    }
    let sends = c.tokens.windows(2).position(|w| matches!(w, [s, a] if matches!(s.norm.as_str(), "send" | "share" | "give you" | "show you" | "send you") && matches!(a.norm.as_str(), "a" | "an" | "some" | "my")));
    if let Some(at) = sends.filter(|_| media && all <= 1.0 && c.tokens.iter().any(|t| t.norm.starts_with("i ") || matches!(t.norm.as_str(), "i" | "i'd like to" | "can i" | "let me" | "i'll"))) {
        return Some(reading(c, Intent::Upload, at, "sends media", 2.0 - 0.4 * all));
    }
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
        2.6 - 0.6 * c.residue(0, at) - 0.3 * c.residue(at + 1, n) - picture,
    ))
}

/// Is the file or link at `at` handed over (and not a destination or a model)? `edits`: the message asks for an edit.
pub(super) fn hands_over(tokens: &[Token], at: usize, edits: bool) -> bool {
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
                && (shown || !edits)
        }
        Kind::Link => !model && shown && !before.iter().any(|t| t.any(&[Tag::Export])),
        _ => false,
    }
}
