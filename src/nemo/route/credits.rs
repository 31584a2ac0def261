//! Does a clause ask for the balance, or what the account still allows?

use super::Intent;
use super::clause::Clause;
use super::reading::{Reading, edit_before, next_is_thing, reading};
use crate::nemo::words::{Tag, Token};

/// Reads a clause as a question about credits; `edit` is the place of its first verb of editing.
pub(super) fn credits(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
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
    let theirs = c.tokens.iter().any(|t| {
        matches!(
            t.norm.as_str(),
            "his" | "her" | "their" | "someone's" | "he" | "she" | "they" | "她" | "他" | "他们"
        )
    });
    let picture = if theirs || c.any(&[Tag::Picture, Tag::Ui]) { 1.5 } else { 0.0 };
    if let Some(found) = balance(c, edit, help, picture, all) {
        return Some(found);
    }
    let many = c.find(Tag::HowMany);
    let suffices = c.tokens.windows(2).position(|w| {
        matches!(w, [e, f] if e.is(Tag::Enough) && f.norm == "for")
            || matches!(w, [e, _] if e.norm == "enough for")
    });
    if let Some(at) =
        suffices.filter(|_| c.has(Tag::I) && c.any(&[Tag::Video, Tag::Asset, Tag::Job]) && all <= 0.5)
    {
        return Some(reading(c, Intent::Credits, at, "whether it suffices", 2.5 - 0.4 * all - picture));
    }
    // "Got enough in the tank for three more?"
    let got = c.find(Tag::Enough).filter(|&at| {
        let ahead = c.tokens.get(..at).unwrap_or_default();
        c.asks
            && ahead.iter().all(|t| {
                t.any(&[
                    Tag::Have,
                    Tag::I,
                    Tag::Aux,
                    Tag::Filler,
                    Tag::Be,
                    Tag::Get,
                    Tag::SoFar,
                    Tag::We,
                    Tag::They,
                    Tag::Question,
                    Tag::And,
                ])
            })
    });
    if let Some(at) =
        got.filter(|_| edit.is_none() && !c.any(&[Tag::EditWord, Tag::Uploaded, Tag::Own, Tag::Progress]))
    {
        return Some(reading(c, Intent::Credits, at, "whether it suffices", 2.3 - 0.15 * all));
    }
    let charged = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "cost"
                | "costs"
                | "charged"
                | "charge"
                | "spend"
                | "spent"
                | "花了"
                | "花"
                | "扣了"
                | "扣"
                | "消耗"
                | "消耗了"
                | "花费"
                | "gastado"
                | "gasto"
                | "gekostet"
                | "coute"
                | "custou"
        )
    };
    let cost = many.filter(|&m| m <= 3 || c.tokens.get(m).is_some_and(Token::cjk));
    if let Some(at) = cost.filter(|_| {
        all <= 0.5
            && edit.is_none()
            && !c.any(&[Tag::Picture, Tag::HowLong])
            && c.live().any(|(_, t)| charged(t))
    }) {
        return Some(reading(c, Intent::Credits, at, "what it cost", 2.6));
    }
    let time = c.any(&[Tag::HowLong, Tag::Progress]) && !c.has(Tag::Afford);
    let spend = c.has(Tag::What) && c.has(Tag::Spend) && c.has(Tag::SoFar) && edit.is_none() && all == 0.0;
    if let Some(at) =
        c.find(Tag::Spend).filter(|_| spend && !c.any(&[Tag::EditWord, Tag::Asset, Tag::Project]))
    {
        return Some(reading(c, Intent::Credits, at, "what may be spent", 2.2));
    }
    let mine = c.has(Tag::What)
        && c.has(Tag::Left)
        && c.has(Tag::I)
        && all == 0.0
        && edit.is_none()
        && !c.any(&[Tag::Project, Tag::Asset, Tag::Done]);
    if let Some(at) = c.find(Tag::Left).filter(|_| mine) {
        return Some(reading(c, Intent::Credits, at, "asks what is left", 1.9));
    }
    let remains = all == 0.0
        && c.has(Tag::Left)
        && c.has(Tag::HowMany)
        && edit.is_none()
        && !c.any(&[
            Tag::Project,
            Tag::Asset,
            Tag::Done,
            Tag::EditWord,
            Tag::Progress,
            Tag::HowLong,
            Tag::Video,
        ]);
    if let Some(at) = many.filter(|_| remains) {
        return Some(reading(c, Intent::Credits, at, "asks what is left", 1.9));
    }
    let at = allowance(c, edit, all).filter(|&at| !time && !edit_before(edit, at))?;
    Some(reading(c, Intent::Credits, at, "what the account still allows", 2.4 - 0.4 * all - picture))
}

/// The balance by its name. `help` counts the words that make it a question, `picture` weighs what speaks of a picture,
/// `all` is what the tables do not know of the clause.
fn balance(c: &Clause<'_>, edit: Option<usize>, help: f32, picture: f32, all: f32) -> Option<Reading> {
    let at = c.find(Tag::Credit).or_else(|| c.find(Tag::Balance))?;
    let asks = c.find(Tag::HowMany).or_else(|| c.find(Tag::Enough)).or_else(|| c.find(Tag::Check));
    let suffices = c.tokens.get(at).is_some_and(Token::cjk)
        && (c.has(Tag::Enough)
            || at.checked_sub(1).and_then(|b| c.tokens.get(b)).is_some_and(|b| b.is(Tag::HowMany)));
    let before = edit_before(edit, at) && asks.is_none_or(|a| edit.is_none_or(|e| a >= e)) && !suffices;
    let verbal = |t: &Token| {
        let light =
            [Tag::Filler, Tag::Ask, Tag::Left, Tag::SoFar, Tag::HowMany, Tag::Be, Tag::Func, Tag::Check];
        t.mark().is_none() && (t.is(Tag::Det) || !t.any(&light))
    };
    // "Balance the voices": the verb.
    let first = at == 0
        && c.tokens.first().is_some_and(|t| t.is(Tag::Balance) && !t.cjk())
        && c.tokens.get(1).is_some_and(verbal);
    let roll = at.checked_sub(1).and_then(|b| c.tokens.get(b)).is_some_and(|b| {
        matches!(
            b.norm.as_str(),
            "最后的" | "片尾的" | "结尾的" | "片头的" | "滚动的" | "片尾" | "结尾" | "片头" | "的"
        )
    }) && c.tokens.get(at).is_some_and(|t| !t.cjk())
        && !c.any(&[Tag::HowMany, Tag::I, Tag::Account, Tag::Left]);
    let film = roll || c.tokens.get(..at).is_some_and(|p| matches!(p, [.., i, d] if matches!(i.norm.as_str(), "in" | "during" | "over" | "after") && d.is(Tag::Det)));
    let tuned = c.has(Tag::EditWord)
        && !c.has(Tag::Enough)
        && (c.tokens.get(at).is_some_and(|t| t.is(Tag::Balance)) || help == 0.0);
    // "The credits should mention my team"; "I know I'm low on credits": no question.
    let wished = c.live().any(|(_, t)| t.norm == "should") && asks.is_none();
    let known = !c.asks
        && !c.any(&[Tag::HowMany, Tag::Check, Tag::Show, Tag::What])
        && c.tokens.first().is_some_and(|t| {
            matches!(
                t.norm.as_str(),
                "i know" | "i" | "i have" | "i've" | "i still have" | "there are" | "we have"
            )
        })
        && c.tokens.get(..at).is_some_and(|p| {
            p.iter().take(3).any(|t| {
                matches!(
                    t.norm.as_str(),
                    "know" | "i know" | "have" | "i have" | "i've" | "enough" | "plenty"
                )
            })
        });
    // 把余额两个字遮住: the object of an edit.
    let object = edit.is_some()
        && c.tokens.get(..at).is_some_and(|p| p.iter().any(|t| matches!(t.norm.as_str(), "把" | "将")));
    let first = first || object || film || tuned || wished || known;
    let article = c.tokens.first().is_some_and(|t| matches!(t.norm.as_str(), "a" | "an")) && help == 0.0;
    if before || next_is_thing(c, at) || first || article {
        return None;
    }
    let bare = help == 0.0 && !c.any(&[Tag::HowLong, Tag::Price]) && !c.tokens.iter().any(Token::cjk);
    let per_word = if bare { 0.7 } else { 0.5 };
    let weight = 2.0 + 0.4 * help - per_word * all - picture;
    Some(reading(c, Intent::Credits, at, "names the balance", weight))
}

/// The word that asks what the account still allows.
fn allowance(c: &Clause<'_>, edit: Option<usize>, all: f32) -> Option<usize> {
    let many = c.find(Tag::HowMany);
    // 还剩多少 alone, or "how many … can I still make".
    let alone = all == 0.0 && c.live().any(|(_, t)| t.cjk() && t.is(Tag::Left) && t.is(Tag::HowMany));
    let how_much = alone
        || c.any(&[Tag::Left, Tag::Afford, Tag::Spend])
            && c.any(&[Tag::Job, Tag::I, Tag::Spend, Tag::Afford])
            && !c.any(&[Tag::Project, Tag::Asset]);
    let free = |t: &Token| t.is(Tag::Job) && (t.norm.starts_with("free") || t.norm.starts_with("generation"));
    if c.has(Tag::Job)
        && (c.has(Tag::Left) && edit.is_none() || many.is_some() && c.has(Tag::I) && edit.is_none())
        || c.tokens.iter().any(free)
            && c.has(Tag::I)
            && c.any(&[Tag::Have, Tag::SoFar, Tag::Left, Tag::HowMany])
    {
        c.find(Tag::Job)
    } else if c.has(Tag::Afford) && c.has(Tag::What) && edit.is_none() {
        c.find(Tag::Afford)
    } else if c.has(Tag::Account)
        && c.any(&[
            Tag::HowMany,
            Tag::What,
            Tag::Enough,
            Tag::Left,
            Tag::RunOut,
            Tag::Check,
            Tag::Show,
            Tag::Afford,
        ])
    {
        c.find(Tag::Account)
    } else if c.has(Tag::Enough) && c.any(&[Tag::Job, Tag::Left]) {
        c.find(Tag::Enough)
    } else if c.any(&[Tag::Afford, Tag::RunOut]) && c.any(&[Tag::Job, Tag::HowMany, Tag::HowLong]) {
        c.find(Tag::Afford).or_else(|| c.find(Tag::RunOut))
    } else if c.has(Tag::Spend) && c.has(Tag::Job) && c.any(&[Tag::What, Tag::HowMany]) {
        c.find(Tag::Spend)
    } else {
        many.filter(|_| how_much)
    }
}

/// Is it about the account? (For a clause that is known to be a question.)
pub(super) fn money(c: &Clause<'_>) -> bool {
    let mine = c.tokens.iter().any(|t| {
        t.is(Tag::I) || t.cjk() || t.norm.split(' ').any(|w| matches!(w, "i" | "my" | "me" | "we" | "our"))
    });
    let account = c.any(&[Tag::Credit, Tag::Balance, Tag::Account, Tag::RunOut])
        || c.has(Tag::Afford) && !c.any(&[Tag::EditWord, Tag::Picture])
        || c.tokens.iter().any(|t| matches!(t.norm.as_str(), "afford" | "pay for"));
    // 再做一个30秒的够吗
    let suffices = c.has(Tag::Enough)
        && !c.any(&[Tag::EditWord, Tag::Asset])
        && c.tokens.iter().rev().take(3).any(|t| t.is(Tag::Enough) && t.cjk())
        && c.tokens.iter().any(|t| t.any(&[Tag::Job, Tag::Edit]));
    let account = account || suffices;
    let priced = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "expensive" | "pricey" | "贵" | "贵不贵"));
    let spent = mine
        && c.tokens.iter().any(|t| {
            t.is(Tag::Spend)
                && (t.norm.ends_with("back")
                    || t.norm.ends_with(" up")
                    || t.norm.ends_with("account")
                    || matches!(t.norm.as_str(), "cost" | "costs" | "charged" | "charge" | "spent" | "spend"))
        });
    let paid = priced
        || spent
        || mine && c.any(&[Tag::Price, Tag::Enough]) && !c.any(&[Tag::EditWord, Tag::Uploaded]);
    account || paid || mine && c.has(Tag::Left) && c.any(&[Tag::Job, Tag::Enough])
}
