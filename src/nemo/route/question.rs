//! Questions about how things are, whatever words they are put in.
//!
//! The other rules know what is usually asked and in which words. This one looks at the form alone: a question in the
//! indicative ("which photo comes after the cake?", 片尾有没有电话) about something definite wants to be told, not
//! to have something made. Questions for advice, abilities, reasons and requests in the shape of a question are left out.

use super::chinese::han;
use super::clause::Clause;
use super::credits::money;
use super::reading::{Reading, reading};
use super::{Intent, Reason};
use crate::nemo::words::{Kind, Tag, Token};

pub(super) const RULE: &str = "asks how things are";

/// Words of questions that want advice, a reason, a favour or a general truth.
#[rustfmt::skip]
const ELSE: &[&str] = &[
    "should", "would", "could", "can", "can't", "cannot", "might", "may", "shall", "will", "won't", "better",
    "best", "recommend", "suggest", "advise", "think", "prefer", "suit", "suits", "fit", "fits", "why", "idea",
    "ideas", "opinion", "nicer", "need", "needs", "possible", "allowed", "able", "wanna", "want", "means",
    "mean", "too", "happens", "supposed", "please", "if", "usually", "typically", "typical", "typically",
    "support", "supports", "supported", "free", "works", "looks", "sounds", "wrong", "good", "popular",
    "trendy", "nice", "common", "suggestions", "suggestion", "tips", "advice", "thoughts", "copyright",
    "legal", "copyrighted", "worth", "easy", "okay",
];
/// What a question about this project points at.
#[rustfmt::skip]
const DEFINITE: &[&str] = &[
    "the", "my", "our", "it", "this", "that", "these", "those", "its", "it's", "we", "me", "us", "i", "them",
    "they", "everything", "all", "there", "now", "already", "yet", "still", "currently", "today", "so", "far",
    "we've", "i've", "you've", "did", "has", "been", "they're", "that's",
];
#[rustfmt::skip]
const BE: &[&str] = &[
    "is", "are", "was", "were", "am", "did", "does", "has", "had", "isn't", "aren't", "wasn't", "weren't",
    "didn't", "hasn't", "haven't", "doesn't",
];

/// Reads a clause as a question by its form.
pub(super) fn question(c: &Clause<'_>) -> Option<Reading> {
    if c.spoken || about_agent(c) {
        return None;
    }
    let at = english(c).or_else(|| han(c)).or_else(|| other(c))?;
    // "Where's the video?": to have it.
    let how = c.tokens.get(at).is_some_and(|t| t.norm.starts_with("how"))
        && matches!(c.tokens.iter().rev().find(|t| t.kind == Kind::Word && !t.is(Tag::Filler)), Some(t) if t.any(&[Tag::Whole, Tag::Video, Tag::FileWord]))
        && c.tokens.iter().any(|t| {
            matches!(
                t.norm.as_str(),
                "get" | "receive" | "download" | "have" | "access" | "fetch" | "collect"
            )
        });
    let wanted = how
        || c.tokens.get(at).is_some_and(|t| t.norm.starts_with("where"))
            && c.tokens.last().is_some_and(|t| {
                t.any(&[Tag::Video, Tag::FileWord, Tag::LinkWord, Tag::Export]) && !t.norm.ends_with('s')
            });
    let intent = match (wanted, money(c)) {
        (true, _) => Intent::Export,
        (_, true) => Intent::Credits,
        _ => Intent::State,
    };
    Some(reading(c, intent, at, RULE, 1.6))
}

/// "Where is the sun? Add one": what is asked on the way to a wish is no wish of its own, unless "then" joins them.
pub(super) fn drop_leads(reasons: &mut Vec<Reason>, tokens: &[Token]) {
    let leads = |pair: &[Reason]| {
        let [a, b] = pair else { return false };
        let between = part(tokens, a.start + 1, b.start + 1);
        // 这个镜头里有几个路人，去掉: some, not how many.
        let few = part(tokens, a.start.saturating_sub(60), b.start);
        let some = a.rule == "asks what is there"
            && few.iter().any(|t| t.norm.starts_with('几'))
            && !few.iter().any(|t| t.is(Tag::SoFar));
        // "Why cats purr? A short film": the subject of a video.
        let behind = part(tokens, a.start, a.start + 300);
        let topic = behind.iter().skip_while(|t| t.mark() != Some('?')).any(|t| {
            matches!(
                t.norm.as_str(),
                "video"
                    | "film"
                    | "short"
                    | "animation"
                    | "clip"
                    | "movie"
                    | "comic"
                    | "music"
                    | "montage"
                    | "短片"
                    | "动画"
                    | "视频"
                    | "短视频"
            )
        });
        (a.rule == RULE || a.rule == "asks whether it is so" && topic || some)
            && matches!(b.intent, Intent::Edit | Intent::Export)
            && (b.weight > 1.0 || topic)
            && !between.iter().any(|t| t.any(&[Tag::Then, Tag::And]) && t.norm != "也" && t.norm != "就")
    };
    let lead: Vec<bool> = reasons.windows(2).map(leads).collect();
    let mut lead = lead.into_iter();
    reasons.retain(|_| !lead.next().unwrap_or(false));
}

/// The tokens that start in `from..to` of the text.
pub(super) fn part(tokens: &[Token], from: usize, to: usize) -> &[Token] {
    let first = tokens.partition_point(|t| t.start < from);
    let last = tokens.partition_point(|t| t.start < to);
    tokens.get(first..last).unwrap_or_default()
}

/// A plain question in English: "is the shop's number in the last scene?", "tell me which shot comes second".
fn english(c: &Clause<'_>) -> Option<usize> {
    let words = || c.tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word && !t.cjk());
    let lead = |t: &Token| {
        let asks = t.norm.split(' ').next().is_some_and(|w| BE.contains(&w) || wh(w));
        t.any(&[Tag::Filler, Tag::Greet, Tag::And, Tag::But, Tag::Then, Tag::First, Tag::Tell, Tag::Check])
            && !asks
            || matches!(
                t.norm.as_str(),
                "remind me"
                    | "me"
                    | "i'm"
                    | "i am"
                    | "i was"
                    | "i"
                    | "i'd like to"
                    | "i want to"
                    | "can you"
                    | "could you"
                    | "please"
                    | "also"
            )
    };
    let (start, head) = words().find(|(_, t)| !lead(t))?;
    let indirect =
        c.tokens.get(..start)?.iter().any(|t| t.any(&[Tag::Tell, Tag::Check]) || t.norm == "remind me");
    let told = c.tokens.get(..start)?.iter().any(|t| t.any(&[Tag::Ask]));
    if told && !indirect {
        return None;
    }
    let flat: Vec<&str> =
        words().skip_while(|(i, _)| *i < start).flat_map(|(_, t)| t.norm.split(' ')).take(40).collect();
    let first = *flat.first()?;
    let second = flat.get(1).copied().unwrap_or_default();
    let subject = matches!(
        second,
        "you"
            | "i"
            | "we"
            | "they"
            | "it"
            | "the"
            | "my"
            | "our"
            | "any"
            | "all"
            | "these"
            | "those"
            | "both"
            | "there"
    );
    let asked = match first {
        w if BE.contains(&w) => {
            subject
                || c.asks
                || matches!(second, "that" | "this" | "everything" | "each" | "your" | "what" | "what's")
        }
        "do" | "have" => matches!(second, "you" | "i" | "we" | "they") || c.asks && subject,
        "what" | "what's" | "whats" | "which" | "who" | "who's" | "whose" => !matches!(second, "a" | "an"),
        "where" | "where's" | "when" | "how" | "how's" => {
            let inverted = BE.contains(&second)
                || matches!(second, "do" | "have" | "many" | "much" | "long" | "far" | "big" | "short");
            let measured = flat.get(2).is_some_and(|w| BE.contains(w));
            first.contains('\'') || inverted || indirect || c.asks || measured
        }
        "if" | "whether" => indirect,
        "any" => c.asks && c.any(&[Tag::Project, Tag::Asset, Tag::EditWord, Tag::Uploaded]),
        _ => {
            c.asks
                && !told
                && flat.iter().any(|w| BE.contains(w) || matches!(*w, "yet" | "already" | "still" | "have"))
                && !head.any(&[Tag::Edit, Tag::Export, Tag::Give])
        }
    };
    let general = flat.windows(2).any(|w| {
        matches!(
            w,
            ["is" | "are" | "what's" | "make" | "makes", "a" | "an"]
                | ["go" | "goes", "with"]
                | ["how" | "what", "about" | "to"]
        ) || matches!(w, ["how", "do"])
    });
    let account = money(c)
        && second != "you"
        && (asked
            || c.asks && matches!(first, "do" | "does" | "are" | "is")
            || matches!(first, "will" | "can" | "would" | "should" | "could")
                && (matches!(second, "i" | "we" | "my" | "our")
                    || c.any(&[Tag::Enough, Tag::Left, Tag::Afford])));
    // "When will it be finished?"
    let due = matches!(first, "when" | "how") && c.any(&[Tag::Done, Tag::Finished]);
    let asked = asked || due && second == "will";
    let named = wh(first) && first != "how" && flat.get(2).is_some_and(|w| BE.contains(w)) || first == "any";
    let definite = first == "which" || named || flat.iter().any(|w| DEFINITE.contains(w));
    if !account
        && (!asked || general || flat.iter().any(|w| ELSE.contains(w) && !(due && *w == "will")) || !definite)
    {
        return None;
    }
    // "What kind of videos are you good at?": about the agent, unless it tells of what was done.
    let you = flat.iter().position(|w| matches!(*w, "you" | "your" | "you're"));
    let done = flat.iter().any(|w| {
        matches!(*w, "did" | "have" | "has" | "had" | "you've" | "haven't" | "didn't" | "been")
            || w.len() > 4 && w.ends_with("ed")
    });
    let wished = flat.windows(2).any(|w| matches!(w, ["you", "do"]));
    if you.is_some() && (!done || wished)
        || first == "do"
            && flat.get(1) == Some(&"you")
            && !flat.iter().any(|w| matches!(*w, "my" | "got" | "still" | "uploaded" | "sent"))
    {
        return None;
    }
    Some(start)
}

fn wh(word: &str) -> bool {
    matches!(
        word,
        "what"
            | "what's"
            | "whats"
            | "which"
            | "who"
            | "who's"
            | "whose"
            | "where"
            | "where's"
            | "when"
            | "how"
            | "how's"
    )
}

/// "What kind of videos are you good at?", "do you speak German?", 你在吗: about the agent, not about the work.
pub(super) fn about_agent(c: &Clause<'_>) -> bool {
    let flat = || c.tokens.iter().filter(|t| !t.cjk()).flat_map(|t| t.norm.split(' '));
    let you = flat().zip(flat().skip(1)).any(|w| matches!(w, ("are" | "do" | "can", "you")));
    let work = c.any(&[Tag::SoFar, Tag::Uploaded, Tag::Done])
        || flat().any(|w| {
            matches!(w, "my" | "have" | "got" | "know" | "tell" | "show" | "mind" | "see" | "from" | "list")
        });
    let text: String = c.tokens.iter().take(4).map(|t| t.norm.as_str()).collect();
    you && !work
        || matches!(
            text.as_str(),
            "在吗" | "在不在" | "你在吗" | "有人吗" | "有人在吗" | "你还在吗" | "您在吗" | "亲在吗"
        )
}

/// In the other languages: a question mark, a thing of the project, and no request.
fn other(c: &Clause<'_>) -> Option<usize> {
    let foreign = c.tokens.iter().any(|t| {
        matches!(
            t.norm.as_str(),
            "el" | "la"
                | "los"
                | "las"
                | "der"
                | "die"
                | "das"
                | "le"
                | "les"
                | "o"
                | "os"
                | "as"
                | "est"
                | "ist"
                | "es"
                | "del"
                | "du"
                | "do"
                | "da"
        ) || t.norm.chars().any(|c| ('\u{3040}'..='\u{30fa}').contains(&c))
    });
    let asks = c.asks || c.tokens.last().is_some_and(|t| t.norm.ends_with('か'));
    let thing = c.any(&[Tag::Project, Tag::Asset, Tag::EditWord, Tag::Video, Tag::Uploaded]);
    let form = c.any(&[Tag::What, Tag::HowMany, Tag::HowLong, Tag::Be, Tag::Have, Tag::SoFar]);
    let english = c.tokens.iter().any(|t| matches!(t.norm.as_str(), "the" | "is" | "are" | "you" | "i"));
    let at = c.tokens.iter().position(|t| t.kind == Kind::Word)?;
    (foreign
        && asks
        && thing
        && form
        && !english
        && !c.any(&[Tag::Ask, Tag::Edit, Tag::Export, Tag::Picture]))
    .then_some(at)
}
