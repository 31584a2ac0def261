//! Does a clause ask what the project holds, or how far the work is?

use super::Intent;
use super::clause::Clause;
use super::credits::money;
use super::question::about_agent;
use super::reading::{Reading, edit_before, next_is_thing, reading};
use crate::nemo::words::{Kind, Tag, Token};

/// Reads a clause as a question about the project; `edit` is the place of its first verb of editing.
pub(super) fn state(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let found = |tag: Tag| c.find(tag).filter(|&at| !edit_before(edit, at));
    let purse = c.any(&[Tag::Enough, Tag::RunOut, Tag::Afford]) && !c.has(Tag::Progress) && money(c);
    // 这有几张老照片, "I have to show this to my boss": told.
    let few = c.has(Tag::Own)
        && !c.asks
        && !c.any(&[Tag::Tell, Tag::Check, Tag::SoFar])
        && c.tokens.iter().any(|t| t.cjk() && t.is(Tag::Own));
    let others = c.tokens.windows(2).any(
        |w| matches!(w, [n, s] if s.norm == "show" && n.norm.starts_with("i ") && n.norm.ends_with(" to")),
    );
    let handing = c.has(Tag::Finished)
        && c.live().any(|(_, t)| t.any(&[Tag::Give, Tag::Ask]) && t.norm.contains("给我"));
    let wallet =
        c.any(&[Tag::Account, Tag::Credit, Tag::Balance]) && c.any(&[Tag::HowLong, Tag::Progress]) && c.asks;
    if few || others || handing || wallet {
        return None;
    }
    if purse || about_agent(c) && !c.has(Tag::Progress) {
        return None;
    }
    let pictured = c.live().any(|(_, t)| {
        t.is(Tag::Picture)
            && !matches!(t.norm.as_str(), "scene" | "scenes" | "shot" | "shots" | "镜头" | "片段")
    });
    if pictured
        || c.live().any(|(_, t)| matches!(t.norm.as_str(), "should" | "better" | "best" | "recommend"))
        || c.live().any(|(_, t)| t.norm == "would")
            && !c.any(&[Tag::SoFar, Tag::Exported, Tag::Export])
            && !(c.has(Tag::HowLong) && c.any(&[Tag::Video, Tag::Project]) && edit.is_none())
    {
        return None;
    }
    // 剪好了吗: the verb of editing is part of the question.
    let asked = c
        .find(Tag::Progress)
        .filter(|&at| c.tokens.get(at).is_some_and(Token::cjk) && edit.is_some_and(|e| e + 1 == at));
    let ends =
        c.tokens.last().is_some_and(|t| matches!(t.norm.as_str(), "没" | "吗" | "了没" | "没有" | "了吗"));
    let done =
        c.find(Tag::Done).filter(|&at| ends && edit.is_none() && c.tokens.get(at).is_some_and(Token::cjk));
    // "Ya está perfecto": told.
    let cleft = c
        .tokens
        .windows(2)
        .any(|w| matches!(w, [p, b] if p.is(Tag::Progress) && p.norm.starts_with("what") && b.norm == "is"));
    let said = !c.asks
        && c.tokens
            .iter()
            .take(2)
            .any(|t| matches!(t.norm.as_str(), "it's" | "that's" | "everything" | "we're" | "i'm" | "it"))
        && c.find(Tag::Progress)
            .and_then(|at| c.tokens.get(at))
            .is_some_and(|t| ["almost", "nearly", "stuck", "still"].iter().any(|w| t.norm.starts_with(w)));
    if cleft || said {
        return None;
    }
    let praised = !c.asks
        && c.tokens.last().is_some_and(|t| {
            !t.cjk()
                && t.is(Tag::Filler)
                && !t.any(&[Tag::SoFar, Tag::Ask, Tag::Progress])
                && c.tokens.len() <= 4
        });
    if let Some(at) = found(Tag::Progress)
        .or(asked)
        .or(done)
        .filter(|&at| !praised || c.tokens.get(at).is_some_and(|t| t.norm != "ya esta"))
    {
        return Some(reading(c, Intent::State, at, "asks how far it is", 2.4 - 0.5 * all));
    }
    if let Some(at) = found(Tag::State)
        .filter(|&at| !next_is_thing(c, at) && !posted(c, at) && !settled(c, at) && !some_status(c, at, all))
    {
        let of = c.tokens.get(at).is_some_and(|t| t.norm.ends_with(" of") || t.norm.ends_with(" of the"))
            || c.tokens.get(at + 1).is_some_and(|t| t.norm == "of");
        let per_word = if of && !c.any(&[Tag::Project, Tag::Video, Tag::Asset]) { 1.0 } else { 0.45 };
        return Some(reading(c, Intent::State, at, "names the state", 2.4 - per_word * all));
    }
    if c.asks && c.tokens.len() == 1 && c.any(&[Tag::Done, Tag::Project]) || all == 0.0 && bare_overview(c) {
        return Some(reading(c, Intent::State, 0, "names it and asks", 1.8));
    }
    // "La vidéo est prête ?"
    let ready = c.tokens.last().is_some_and(|t| t.any(&[Tag::Done, Tag::Finished]));
    if let Some(at) = c.find(Tag::Be).filter(|_| c.asks && ready && edit.is_none() && all == 0.0) {
        return Some(reading(c, Intent::State, at, "asks whether it is ready", 2.0));
    }
    // "Which song did you put in?"
    let did =
        c.tokens.iter().position(|t| matches!(t.norm.as_str(), "did you" | "have you" | "did we" | "did"));
    if let Some(at) = c
        .find(Tag::What)
        .filter(|&w| w <= 1 && did.is_some_and(|d| d > w && edit.is_some_and(|e| e > d)) && all == 0.0)
    {
        return Some(reading(c, Intent::State, at, "asks what was done", 2.1));
    }
    let holds = (c.any(&[Tag::Project, Tag::Asset]) || c.has(Tag::Video) && c.has(Tag::SoFar))
        && !c.has(Tag::LinkWord);
    let good = c.tokens.windows(2).any(
        |w| matches!(w, [w, a] if w.any(&[Tag::What, Tag::HowLong]) && matches!(a.norm.as_str(), "a" | "an")),
    );
    if let Some(at) = found(Tag::HowLong)
        .filter(|_| !good && (c.asks || !c.has(Tag::Own)))
        .filter(|_| c.any(&[Tag::Video, Tag::Whole, Tag::Project, Tag::SoFar, Tag::They]) || all == 0.0)
    {
        return Some(reading(c, Intent::State, at, "asks for a measure", 2.2 - 0.5 * all));
    }
    // "Tell me a bedtime story".
    let told =
        c.tokens.windows(2).any(|w| matches!(w, [y, s] if y.norm.ends_with(" you") && s.norm == "say"))
            || found(Tag::Tell).is_some_and(|at| {
                c.tokens.get(at + 1).is_some_and(|t| matches!(t.norm.as_str(), "a" | "an"))
            });
    if let Some(at) = found(Tag::Show).or_else(|| found(Tag::Tell)).filter(|_| holds && !told) {
        return Some(reading(c, Intent::State, at, "asks for a list", 2.2 - 0.5 * all));
    }
    // "Read me the subtitles as they are now."
    let reads = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "read me"
                | "recite"
                | "remind me"
                | "tell me"
                | "list"
                | "spell out"
                | "read out"
                | "read back"
                | "read"
        )
    };
    if let Some((at, _)) = c
        .live()
        .find(|(i, t)| *i <= 2 && reads(t))
        .filter(|_| c.any(&[Tag::SoFar, Tag::Contain]) && edit.is_none() && all <= 1.0)
    {
        return Some(reading(c, Intent::State, at, "asks for a list", 1.9));
    }
    let sent = c.has(Tag::Uploaded) && !c.has(Tag::EditWord) && all <= 1.0;
    if let Some(at) = found(Tag::Show).or_else(|| found(Tag::Tell)).filter(|&at| sent && at <= 2) {
        return Some(reading(c, Intent::State, at, "asks for a list", 1.9));
    }
    let what = found(Tag::What).or_else(|| found(Tag::HowMany));
    let there = c.any(&[Tag::Contain, Tag::SoFar])
        || located(c)
        || c.asks && c.tokens.last().is_some_and(|t| matches!(t.norm.as_str(), "there" | "here"));
    if let Some(at) = what.filter(|_| {
        c.any(&[Tag::Contain, Tag::Have]) && c.any(&[Tag::Contain, Tag::SoFar, Tag::We]) && all == 0.0
    }) {
        return Some(reading(c, Intent::State, at, "asks what is there", 2.2));
    }
    if let Some(at) = what.filter(|_| located(c)) {
        return Some(reading(c, Intent::State, at, "asks what stands there", 2.3 - 0.4 * all));
    }
    if let Some(at) = yes_or_no(c).filter(|_| {
        all <= 1.0
            && (there
                || c.any(&[Tag::Have, Tag::Changed, Tag::Done, Tag::Upload])
                || c.tokens.iter().any(Token::cjk))
    }) {
        return Some(reading(c, Intent::State, at, "asks whether it is so", 1.9 - 0.3 * all));
    }
    let offers = what.and_then(|w| c.tokens.get(w)).is_some_and(|t| {
        matches!(t.norm.as_str(), "do you have" | "is there" | "are there" | "is there anything")
    });
    let what = what.filter(|_| !offers || there || c.any(&[Tag::Own, Tag::Uploaded]));
    if let Some(at) =
        what.filter(|_| holds && (c.any(&[Tag::Have, Tag::SoFar, Tag::Contain, Tag::Uploaded]) || all == 0.0))
    {
        return Some(reading(c, Intent::State, at, "asks what is there", 2.2 - 0.5 * all));
    }
    if let Some(at) = indicative(c, edit).filter(|_| all <= 1.0) {
        return Some(reading(c, Intent::State, at, "asks how it is", 2.0 - 0.3 * all));
    }
    let first = c.tokens.first();
    let arrived = c.any(&[Tag::Asset, Tag::Uploaded])
        && c.has(Tag::Have)
        && c.tokens.iter().filter(|t| t.cjk() || first.is_some_and(|f| f.start == t.start)).any(|t| {
            matches!(
                t.norm.as_str(),
                "吗" | "没"
                    | "了没"
                    | "没有"
                    | "在吗"
                    | "都在吗"
                    | "在不在"
                    | "到了没"
                    | "did"
                    | "have"
                    | "has"
            )
        });
    if let Some(at) = c.find(Tag::Have).filter(|_| arrived && edit.is_none()) {
        return Some(reading(c, Intent::State, at, "asks what arrived", 2.2 - 0.5 * all));
    }
    let would_hold = what.filter(|_| {
        c.any(&[Tag::Have, Tag::Get])
            && c.any(&[Tag::Export, Tag::Exported])
            && all == 0.0
            && !c.has(Tag::LinkWord)
    });
    if let Some(at) = would_hold {
        return Some(reading(c, Intent::State, at, "asks what the file holds", 1.8));
    }
    let changed = what.filter(|_| {
        c.any(&[Tag::Changed, Tag::Done]) && c.any(&[Tag::SoFar, Tag::You])
            || c.has(Tag::Uploaded) && !c.any(&[Tag::EditWord, Tag::Edit])
    });
    changed.map(|at| reading(c, Intent::State, at, "asks what was done", 2.0 - 0.5 * all))
}

/// A question about what is (not about what would be good): "what title does it have now?", 用了哪首音乐.
fn indicative(c: &Clause<'_>, edit: Option<usize>) -> Option<usize> {
    const ADVICE: &[&str] = &[
        "best",
        "better",
        "good",
        "nicer",
        "fit",
        "fits",
        "suit",
        "suits",
        "recommend",
        "think",
        "prefer",
        "could",
        "can",
        "why",
        "about",
        "works",
        "how do",
        "how do i",
        "happens",
        "happen",
        "is there",
        "are there",
        "do you have",
        "合适",
        "适合",
        "好看",
        "更",
        "推荐",
        "比较",
        "为什么",
        "怎么",
        "好",
        "能",
        "会",
        "应该",
    ];
    if c.live().any(|(_, t)| ADVICE.contains(&t.norm.as_str())) {
        return None;
    }
    let asks = |(_, t): &(usize, &Token)| t.any(&[Tag::What, Tag::HowLong, Tag::HowMany]);
    let (at, asker) = c.live().find(asks).filter(|&(at, _)| edit.is_none_or(|e| at < e))?;
    // "was" and "que" are questions only at the head.
    if at > 0 && matches!(asker.norm.as_str(), "was" | "que") {
        return None;
    }
    let english = at <= 2 && c.any(&[Tag::Be, Tag::Aux, Tag::SoFar, Tag::Have])
        || at <= 2 && c.has(Tag::What) && c.has(Tag::We);
    let own = c.any(&[Tag::Project, Tag::Asset, Tag::EditWord, Tag::Video, Tag::We, Tag::Upload, Tag::Says]);
    let now = c.any(&[Tag::SoFar, Tag::Be, Tag::Have, Tag::You])
        || c.tokens.iter().any(|t| {
            matches!(
                t.norm.as_str(),
                "does"
                    | "did"
                    | "do"
                    | "what's"
                    | "what is"
                    | "what are"
                    | "what was"
                    | "what were"
                    | "是怎样的"
                    | "是什么"
                    | "用了"
                    | "是"
                    | "用的"
            )
        });
    let han = c.tokens.iter().any(|t| t.cjk() && t.any(&[Tag::What, Tag::HowMany, Tag::HowLong]));
    (own && now && (han || english) && edit.is_none()).then_some(at)
}

/// "In the project", "on the timeline": said of a place, not of a wish.
fn located(c: &Clause<'_>) -> bool {
    let place = |w: &[Token]| match w {
        [a, .., p] => {
            matches!(a.norm.as_str(), "in" | "on" | "inside") && p.any(&[Tag::Project, Tag::Contain])
        }
        _ => false,
    };
    c.tokens.windows(3).any(place) || c.tokens.windows(2).any(place)
        || c.tokens.windows(2).any(|w| matches!(w, [p, i] if p.cjk() && p.is(Tag::Project) && matches!(i.norm.as_str(), "里" | "上" | "中" | "里面" | "上面")))
}

/// The verb of a question that is answered by yes or no about what is there already.
fn yes_or_no(c: &Clause<'_>) -> Option<usize> {
    let first = c.tokens.iter().position(|t| {
        !t.any(&[Tag::And, Tag::But, Tag::Filler, Tag::Greet, Tag::Then]) || t.any(&[Tag::Be, Tag::Aux])
    })?;
    let head = c.tokens.get(first)?;
    let english = matches!(
        head.norm.as_str(),
        "did you"
            | "did"
            | "does"
            | "is"
            | "are"
            | "has"
            | "have you"
            | "is the"
            | "do you still have"
            | "do you"
            | "is there"
            | "are there"
            | "did it"
            | "was"
            | "were"
            | "is it"
            | "are they"
            | "is that"
            | "is my"
    ) && (c.asks || c.has(Tag::SoFar));
    let han = c.tokens.iter().rev().take(2).any(|t| {
        matches!(
            t.norm.as_str(),
            "吗" | "没" | "没有" | "了没" | "了吗" | "还在吗" | "好了吗" | "完了吗" | "好了没"
        )
    }) && c.tokens.iter().any(|t| {
        (t.norm.ends_with("了吗") || t.norm.ends_with("了没"))
            || t.norm.starts_with('了')
            || t.norm.contains("还在")
            || t.is(Tag::Have)
    }) && c.any(&[Tag::Project, Tag::EditWord, Tag::Asset]);
    let present = head.norm == "do" && c.any(&[Tag::SoFar, Tag::Contain]) && c.asks;
    let english = english || present;
    let can = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "能" | "可以" | "想" | "要"));
    (english || han && !can).then_some(first)
}

/// Nothing but the name of an overview: "tracks", "timeline overview please".
fn bare_overview(c: &Clause<'_>) -> bool {
    let named = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "tracks"
                | "timeline"
                | "layers"
                | "tracklist"
                | "track list"
                | "timeline overview"
                | "project overview"
                | "轨道"
                | "时间线"
                | "时间轴"
                | "图层"
        )
    };
    c.tokens.iter().any(named)
        && c.tokens.iter().all(|t| {
            named(t)
                || t.any(&[Tag::Ask, Tag::Filler, Tag::Det, Tag::Greet, Tag::SoFar])
                || t.kind != Kind::Word
        })
}

/// "I post it as a status", "for my status": a status in some app.
fn posted(c: &Clause<'_>, at: usize) -> bool {
    at.checked_sub(2).and_then(|from| c.tokens.get(from..at)).is_some_and(|w| {
        matches!(w, [p, d] if matches!(p.norm.as_str(), "as" | "for" | "on" | "in" | "to") && matches!(d.norm.as_str(), "a" | "my" | "his" | "her" | "their"))
    })
}

/// "A status report from the moon base": a thing.
fn some_status(c: &Clause<'_>, at: usize, all: f32) -> bool {
    at <= 1 && all > 0.0 && c.tokens.first().is_some_and(|t| matches!(t.norm.as_str(), "a" | "an"))
}

/// "Status is fine": said, not asked.
fn settled(c: &Clause<'_>, at: usize) -> bool {
    let behind = c.tokens.get(at + 1..).unwrap_or_default();
    !c.asks
        && matches!(behind, [be, .., fine] if be.is(Tag::Be) && fine.any(&[Tag::Filler, Tag::Happy]) && !fine.is(Tag::SoFar))
}
