//! Does a clause want the finished file? The table's verbs, and the many ways to ask for a thing that one is owed.

use super::Intent;
use super::clause::Clause;
use super::owed::owed;
use super::reading::{Reading, asks_progress, edit_before, next_is_thing, noun, reading};
use crate::nemo::words::{Kind, Tag, Token};

/// Verbs of editing that, with a file type, ask for a file of it.
const TURN: &[&str] =
    &["convert", "turn", "turn it", "turn this", "make it", "make it a", "弄成", "转成", "转为", "做成"];

/// Reads a clause as a wish for the file; `edit` is the place of its first verb of editing.
pub(super) fn export(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let n = c.tokens.len();
    let all = c.residue(0, n);
    let pictured =
        c.live().any(|(_, t)| t.is(Tag::Picture) && (t.norm != "的视频" || all > 0.0)) || c.has(Tag::Problem);
    if let Some(found) = by_verb(c, edit, all, pictured) {
        return Some(found);
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
    if let Some(found) = owed(c, edit) {
        return Some(found);
    }
    if c.tokens.iter().any(|t| t.norm == "给你") {
        return None;
    }
    if let Some(found) = made(c, edit, all, pictured) {
        return Some(found);
    }
    handed(c, edit, all, pictured)
}

/// The verb itself: "export it", 导出一份给我. `all` is what the tables do not know of the clause.
fn by_verb(c: &Clause<'_>, edit: Option<usize>, all: f32, pictured: bool) -> Option<Reading> {
    let n = c.tokens.len();
    let at = c.find(Tag::Export)?;
    let asked = c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.any(&[Tag::What, Tag::HowLong]) || t.norm == "how")
        && !c.has(Tag::LinkWord)
        && !c.tokens.windows(2).any(|w| matches!(w, [d, i] if matches!(d.norm.rsplit(' ').next(), Some("do" | "must" | "should")) && i.is(Tag::I)));
    let wanted =
        c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.any(&[Tag::Ask, Tag::Give, Tag::Get]));
    let thing =
        noun(c, at) && !wanted && (all > 0.0 || c.any(&[Tag::Be, Tag::EditWord, Tag::Problem, Tag::Aux]));
    // "Is the export done?", "a film about exporting cars".
    let thing = thing || noun(c, at) && !wanted && c.asks;
    let gerund = c.tokens.get(at).is_some_and(|t| t.norm.ends_with("ing"))
        && at.checked_sub(1).and_then(|b| c.tokens.get(b)).is_some_and(|b| {
            matches!(b.norm.as_str(), "about" | "of" | "on" | "by" | "from" | "like" | "and" | "are" | "is")
        });
    // "Export isn't what I need": the word, not the wish.
    let named = !c.tokens.get(at).is_some_and(Token::cjk)
        && c.tokens.get(at + 1).is_some_and(|t| t.any(&[Tag::Be, Tag::Aux, Tag::Problem]) && !t.is(Tag::Ask));
    let thing = thing || named || gerund || asks_progress(c, at);
    let money = c.any(&[Tag::Credit, Tag::Balance]) && c.any(&[Tag::HowMany, Tag::Spend, Tag::Enough]);
    let subject = c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.is(Tag::Picture));
    let asked_for = asked || thing || money || c.tokens.iter().any(|t| t.norm == "hoch");
    // "Export the …", "export with …": an imperative, whatever its object is.
    let next = c.tokens.get(at + 1);
    let plain = !noun(c, at)
        && next.is_some_and(|t| {
            !t.cjk()
                && (t.is(Tag::Det)
                    || matches!(
                        t.norm.as_str(),
                        "in" | "as" | "for" | "to" | "with" | "without" | "only" | "both" | "all" | "it"
                    ))
        });
    let (per_word, picture) = if plain { (0.2, 0.0) } else { (0.34, if pictured { 1.2 } else { 0.0 }) };
    // 集锦导出一份给我: what stands before it is the thing meant.
    let behind = c.tokens.get(at + 1..).unwrap_or_default();
    let topic = c.tokens.get(at).is_some_and(Token::cjk)
        && (c.tokens.get(at).is_some_and(|t| t.norm.ends_with(['份', '下', '个', '版']))
            || behind.iter().take(3).any(|t| {
                t.is(Tag::Give)
                    || t.cjk() && matches!(t.norm.as_str(), "一份" | "一下" | "吧" | "出来" | "一版")
            }));
    let (subject, picture) = if topic { (false, 0.0) } else { (subject, picture) };
    let asked = asked_for || subject;
    let ahead = if topic { 0.3 } else { 1.0 };
    // "Export prices rise": half of a name.
    let bare = [Tag::Video, Tag::Whole, Tag::Finished, Tag::Container, Tag::FileWord, Tag::Device, Tag::Ask];
    let half = next.is_some_and(|t| t.kind == Kind::Word && !t.cjk() && !t.tags.known())
        && behind.len() > 1
        && !c.any(&bare)
        && !c.any(&[Tag::Platform, Tag::Filler]);
    let picture = if half { picture + 1.0 } else { picture };
    let weight = 3.0 - ahead * c.residue(0, at) - per_word * c.residue(at + 1, n) - picture;
    (!edit_before(edit, at) && !next_is_thing(c, at) && !asked)
        .then(|| reading(c, Intent::Export, at, "export verb", weight))
}

/// A file that is to be made, or to be somewhere.
fn made(c: &Clause<'_>, edit: Option<usize>, all: f32, pictured: bool) -> Option<Reading> {
    let finished = c.has(Tag::Finished);
    let made = edit.filter(|&e| {
        c.tokens.get(e).is_some_and(|t| {
            matches!(t.norm.as_str(), "produce" | "make" | "make the" | "create" | "generate" | "finish")
        })
    });
    if let Some(at) = made.filter(|&e| {
        (finished && c.has(Tag::FileWord) || c.has(Tag::Container) || the_file(c, e)) && all == 0.0
    }) {
        return Some(reading(c, Intent::Export, at, "make the file", 2.1));
    }
    // "The final clip needs to be on my drive".
    let due = c.tokens.iter().position(|t| {
        matches!(t.norm.as_str(), "needs" | "must" | "has" | "should" | "need")
            || t.norm.starts_with("has to")
    });
    due.filter(|_| finished && c.has(Tag::Device) && edit.is_none() && all <= 1.0 && !pictured)
        .map(|at| reading(c, Intent::Export, at, "onto a device", 1.9))
}

/// The finished file in somebody's hands: sent, saved, had, or only named.
fn handed(c: &Clause<'_>, edit: Option<usize>, all: f32, pictured: bool) -> Option<Reading> {
    let n = c.tokens.len();
    let give = c.find(Tag::Give);
    let get = c.find(Tag::Get);
    let save = c.find(Tag::Save).or_else(|| c.find(Tag::Put));
    let finished = c.has(Tag::Finished);
    let named = c.any(&[Tag::Container, Tag::LinkWord])
        || finished && c.any(&[Tag::Video, Tag::FileWord, Tag::Whole])
        || finished && give.is_some();
    let filed = c.any(&[Tag::FileWord]) && c.has(Tag::Whole) && get.is_some() && edit.is_none() && all == 0.0;
    let named = named || filed && !c.has(Tag::Project);
    // "For the meeting tomorrow": what it is for says nothing against it.
    let aim = c.tokens.iter().position(|t| matches!(t.norm.as_str(), "for" | "so" | "because"));
    let all = aim.map_or(all, |a| c.residue(0, a) + 0.3 * c.residue(a, n));
    // "Can I send it to you?": the other way.
    let toward = c
        .tokens
        .windows(2)
        .any(|w| matches!(w, [t, y] if matches!(t.norm.as_str(), "to" | "with") && y.norm == "you"));
    if toward && c.any(&[Tag::Give, Tag::Put]) {
        return None;
    }
    // "A clip from my phone": the other way, too.
    let from = c.tokens.windows(2).any(|w| matches!(w, [f, d] if f.norm == "from my" && d.is(Tag::Device)))
        || c.tokens
            .windows(3)
            .any(|w| matches!(w, [f, m, d] if f.norm == "from" && m.is(Tag::Det) && d.is(Tag::Device)));
    if from && !finished {
        return None;
    }
    let verb = give.or(get).or(save);
    let early = |at: usize| {
        !edit.is_some_and(|e| e < at && !c.tokens.get(e).is_some_and(|t| t.any(&[Tag::Put, Tag::Get])))
    };
    let file = c
        .find(Tag::Container)
        .or(c.find(Tag::FileWord).filter(|_| give.is_some()))
        .filter(|_| all == 0.0 && !pictured);
    let turned = edit.and_then(|e| c.tokens.get(e)).is_some_and(|t| TURN.contains(&t.norm.as_str()));
    if let Some(at) = file.filter(|_| turned) {
        return Some(reading(c, Intent::Export, at, "turn it into a file", 2.1));
    }
    if let Some(found) = linked(c, edit, all) {
        return Some(found);
    }
    if c.has(Tag::EditWord) && !named || c.has(Tag::What) && !c.has(Tag::LinkWord) && give.is_none() {
        return None;
    }
    // On the screen of somebody's phone: in the picture.
    let shown = c.tokens.iter().any(|t| {
        t.kind == Kind::Quote
            || t.is(Tag::Says)
            || matches!(t.norm.as_str(), "her" | "his" | "their" | "他的" | "她的")
    });
    if let Some(at) = verb.filter(|&at| c.has(Tag::Device) && early(at) && !pictured && !shown) {
        return Some(reading(c, Intent::Export, at, "onto a device", 2.5 - 0.5 * all));
    }
    if let Some(at) = verb.filter(|&at| named && early(at) && !pictured) {
        return Some(reading(c, Intent::Export, at, "the finished file", 2.6 - 0.6 * all));
    }
    let the = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "the" | "my" | "this" | "that"));
    let definite = !c.tokens.windows(2).any(|w| matches!(w, [a, v] if v.is(Tag::Video) && matches!(a.norm.as_str(), "a" | "an" | "another" | "some" | "un" | "une" | "um" | "ein" | "einen" | "一个" | "一条" | "一段" | "个")));
    // "Send it over to the left": a move in the picture.
    let side = c.tokens.iter().any(|t| {
        matches!(
            t.norm.as_str(),
            "left" | "right" | "side" | "corner" | "top" | "bottom" | "center" | "centre" | "middle"
        )
    });
    let definite = definite && !side;
    // "Keep it under a minute": no wish to have it.
    let kept = |at: usize| {
        c.tokens.get(at).is_some_and(|t| t.norm == "keep")
            && !c.tokens.get(..at).unwrap_or_default().iter().any(|t| t.is(Tag::Ask))
    };
    if let Some(at) = give
        .or(c.find(Tag::Save).filter(|_| !c.has(Tag::Ref) || c.has(Tag::Finished)))
        .filter(|&at| definite && !kept(at) && early(at) && c.any(&[Tag::Video, Tag::Whole, Tag::FileWord]))
    {
        return Some(reading(
            c,
            Intent::Export,
            at,
            "hand over the video",
            2.0 - if the { 0.45 } else { 1.0 } * all - if pictured { 1.0 } else { 0.0 },
        ));
    }
    let mine = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "get"
                | "grab"
                | "fetch"
                | "retrieve"
                | "i want"
                | "i just want"
                | "i need"
                | "can i have"
                | "can i get"
                | "could i get"
                | "could i have"
                | "may i have"
                | "we need"
                | "i'd like to have"
        )
    };
    if let Some(at) = get.filter(|&at| {
        all == 0.0 && edit.is_none() && the && c.tokens.get(at).is_some_and(mine) && c.has(Tag::Video)
    }) {
        return Some(reading(c, Intent::Export, at, "have the video", 1.8));
    }
    // "Can I send over some photos?": the other way.
    let theirs = give.and_then(|g| c.tokens.get(g + 1)).is_some_and(|t| {
        matches!(t.norm.as_str(), "a" | "an" | "some" | "my" | "more" | "another" | "two" | "three")
            || t.kind == Kind::Number
    });
    let give = give.filter(|_| {
        !(theirs
            && c.tokens.first().is_some_and(|t| {
                matches!(
                    t.norm.as_str(),
                    "can i"
                        | "may i"
                        | "could i"
                        | "i'd like to"
                        | "i want to"
                        | "let me"
                        | "i'll"
                        | "i would like to"
                        | "i"
                )
            }))
    });
    let over = |t: &Token| {
        matches!(t.norm.as_str(), "发我" | "发给我" | "传给我" | "发过来" | "传我" | "发送给我" | "send over")
    };
    if let Some(at) =
        give.filter(|&at| c.tokens.get(at).is_some_and(over) && all <= 2.0 && edit.is_none_or(|e| e > at))
    {
        return Some(reading(c, Intent::Export, at, "send it over", 1.7));
    }
    if let Some(found) = it(c, edit) {
        return Some(found);
    }
    if c.any(&[Tag::Show, Tag::Check, Tag::What, Tag::Tell]) && give.is_none() {
        return None;
    }
    let bare = c
        .find(Tag::Container)
        .or_else(|| c.find(Tag::FileWord).filter(|_| the && !c.tokens.iter().any(|t| t.kind == Kind::Number)))
        .or_else(|| c.find(Tag::LinkWord))
        .or_else(|| c.find(Tag::Finished).filter(|_| c.has(Tag::Video)));
    // "My mum already has the file": told.
    let theirs = give.is_none()
        && c.tokens.iter().any(|t| {
            t.is(Tag::Person) || matches!(t.norm.as_str(), "already" | "i already" | "i have" | "i've")
        });
    bare.filter(|_| !theirs && !c.tokens.iter().any(|t| t.is(Tag::Later) && !t.is(Tag::Then)))
        .filter(|_| edit.is_none() && all == 0.0 && !pictured && !c.has(Tag::Be))
        .map(|at| reading(c, Intent::Export, at, "names the file", 1.6))
}

/// Its link.
fn linked(c: &Clause<'_>, edit: Option<usize>, all: f32) -> Option<Reading> {
    let link = c.find(Tag::LinkWord).filter(|_| edit.is_none() && all <= 1.5);
    let download = link
        .and_then(|l| c.tokens.get(l))
        .is_some_and(|t| t.norm.starts_with("download") || t.norm.starts_with("下载"));
    if let Some(at) = link.filter(|_| download) {
        return Some(reading(c, Intent::Export, at, "asks for the download link", 2.1 - 0.3 * all));
    }
    let link = link.filter(|_| all == 0.0);
    link.filter(|_| c.any(&[Tag::What, Tag::Finished, Tag::Video, Tag::Have]))
        .map(|at| reading(c, Intent::Export, at, "asks for the link", 2.0))
}

/// "Can I have it?", 就给我吧: of what was talked about, so the video.
fn it(c: &Clause<'_>, edit: Option<usize>) -> Option<Reading> {
    let light = |t: &Token| {
        t.any(&[Tag::Get, Tag::Give, Tag::Whole, Tag::Filler, Tag::Then, Tag::SoFar, Tag::Ask])
            || t.cjk() && t.is(Tag::Func)
            || t.kind != Kind::Word
    };
    let owed = |t: &Token| {
        matches!(
            t.norm.as_str(),
            "can i have"
                | "could i have"
                | "may i have"
                | "can i get"
                | "could i get"
                | "i'll take"
                | "let me have"
                | "给我"
        )
    };
    let owed = c.live().find(|(i, t)| {
        owed(t) && (t.cjk() || c.tokens.get(i + 1).is_some_and(|n| matches!(n.norm.as_str(), "it" | "that")))
    });
    let short = c.tokens.len() <= 5 && c.tokens.iter().all(light);
    owed.filter(|_| edit.is_none() && short).map(|(at, _)| reading(c, Intent::Export, at, "have it", 1.6))
}

/// "Make the file": nothing but the file stands behind the verb at `edit`.
fn the_file(c: &Clause<'_>, edit: usize) -> bool {
    let the = |t: &Token| t.norm == "the" || t.norm.ends_with(" the");
    let file = c.tokens.iter().rposition(|t| matches!(t.norm.as_str(), "file" | "download" | "copy"));
    file.is_some_and(|f| {
        let light =
            |t: &Token| the(t) || matches!(t.norm.as_str(), "a") || t.any(&[Tag::Finished, Tag::Video]);
        let made = c.tokens.iter().any(|t| t.norm == "downloadable");
        let told = made || c.tokens.get(edit).is_some_and(the) || c.tokens.get(edit + 1).is_some_and(the);
        f > edit
            && told
            && c.tokens.get(edit + 1..f).is_some_and(|w| w.iter().all(light))
            && c.tokens
                .get(f + 1..)
                .is_some_and(|w| w.iter().all(|t| t.any(&[Tag::Filler, Tag::Ask, Tag::SoFar])))
    })
}
