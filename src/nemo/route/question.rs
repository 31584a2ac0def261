//! Questions about how things are, whatever words they are put in.
//!
//! The other rules know what is usually asked and in which words. This one looks at the form alone: a question in the
//! indicative ("which photo comes after the cake?", 片尾有没有电话) about something definite wants to be told, not
//! to have something made. Questions for advice, abilities, reasons and requests in the shape of a question are left out.

use super::clause::Clause;
use super::reading::{Reading, reading};
use super::{Intent, Reason};
use crate::nemo::words::{Kind, Tag, Token};

pub(super) const RULE: &str = "asks how things are";

/// Words of questions that want advice, a reason, a favour or a general truth.
const ELSE: &[&str] = &[
    "should",
    "would",
    "could",
    "can",
    "can't",
    "cannot",
    "might",
    "may",
    "shall",
    "will",
    "won't",
    "better",
    "best",
    "recommend",
    "suggest",
    "advise",
    "think",
    "prefer",
    "suit",
    "suits",
    "fit",
    "fits",
    "why",
    "idea",
    "ideas",
    "opinion",
    "nicer",
    "need",
    "needs",
    "possible",
    "allowed",
    "able",
    "wanna",
    "want",
    "means",
    "mean",
    "too",
    "happens",
    "supposed",
    "please",
    "if",
    "usually",
    "typically",
    "typical",
    "typically",
    "support",
    "supports",
    "supported",
    "free",
    "works",
    "looks",
    "sounds",
    "wrong",
    "copyright",
    "legal",
    "copyrighted",
    "who's",
    "worth",
    "easy",
    "okay",
];
/// What a question about this project points at.
const DEFINITE: &[&str] = &[
    "the",
    "my",
    "our",
    "it",
    "this",
    "that",
    "these",
    "those",
    "its",
    "it's",
    "we",
    "me",
    "us",
    "i",
    "them",
    "they",
    "everything",
    "all",
    "there",
    "now",
    "already",
    "yet",
    "still",
    "currently",
    "today",
    "so",
    "far",
    "we've",
    "i've",
    "you've",
    "did",
    "has",
    "been",
    "they're",
    "that's",
];
const BE: &[&str] = &[
    "is", "are", "was", "were", "am", "did", "does", "has", "had", "isn't", "aren't", "wasn't", "weren't",
    "didn't", "hasn't", "haven't", "doesn't",
];

/// Reads a clause as a question by its form.
pub(super) fn question(c: &Clause<'_>) -> Option<Reading> {
    if about_agent(c) {
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
        let between = tokens.iter().filter(|t| t.start > a.start && t.start <= b.start);
        // 这个镜头里有几个路人，去掉: some, not how many.
        let some = a.rule == "asks what is there"
            && tokens.iter().any(|t| t.start >= a.start && t.start < b.start && t.norm.starts_with('几'))
            && !tokens.iter().any(|t| t.start < b.start && t.is(Tag::SoFar));
        // "Why cats purr? A short film": the subject of a video.
        let topic = tokens.iter().skip_while(|t| t.start < a.start || t.mark() != Some('?')).any(|t| {
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
            && !between.into_iter().any(|t| t.any(&[Tag::Then, Tag::And]) && t.norm != "也" && t.norm != "就")
    };
    let lead: Vec<bool> = reasons.windows(2).map(leads).collect();
    let mut lead = lead.into_iter();
    reasons.retain(|_| !lead.next().unwrap_or(false));
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
        "what" | "what's" | "whats" | "which" | "who" | "whose" => !matches!(second, "a" | "an"),
        "where" | "where's" | "when" | "how" | "how's" => {
            let inverted = BE.contains(&second)
                || matches!(second, "do" | "have" | "many" | "much" | "long" | "far" | "big" | "short");
            let measured = flat.get(2).is_some_and(|w| BE.contains(w));
            first.contains('\'') || inverted || indirect || c.asks || measured
        }
        "if" | "whether" => indirect,
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
            ["is" | "are" | "what's" | "make" | "makes", "a" | "an"] | ["how" | "what", "about" | "to"]
        ) || matches!(w, ["how", "do"])
    });
    let account = money(c)
        && second != "you"
        && (asked || matches!(first, "will" | "can" | "would" | "should" | "could"));
    let definite = first == "which" || flat.iter().any(|w| DEFINITE.contains(w));
    if !account && (!asked || general || flat.iter().any(|w| ELSE.contains(w)) || !definite) {
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
            | "whose"
            | "where"
            | "where's"
            | "when"
            | "how"
            | "how's"
    )
}

const HAN_ELSE: &[&str] = &[
    "如何",
    "为什么",
    "为啥",
    "能不能",
    "可不可以",
    "要不要",
    "该",
    "更",
    "推荐",
    "建议",
    "合适",
    "适合",
    "好看",
    "好不好",
    "好吗",
    "行不行",
    "行吗",
    "可以吗",
    "觉得",
    "认为",
    "会不会",
    "最好",
    "哪种好",
    "太",
    "你会",
    "你能",
    "你是",
    "你叫",
    "您是",
    "您能",
    "想",
    "让",
    "没什么",
    "什么的",
    "需不需要",
    "怎么做",
    "怎么弄",
    "怎么把",
    "怎么才",
    "怎么回事",
    "怎么改",
    "能否",
    "可否",
    "请把",
    "帮我把",
    "写着",
    "意思",
    "什么都",
    "哪里好",
    "不够",
    "够长",
    "够亮",
    "够快",
    "够大",
    "支持",
    "一般",
    "通常",
    "免费商用",
    "版权",
    "干嘛",
];
const HAN_FACT: &[&str] = &[
    "了", "过", "现在", "目前", "已", "还", "是", "有", "在", "用的", "一共", "总共", "第几", "多长", "多少",
    "几秒", "百分", "成功", "收到", "当前", "到底", "看到",
];

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

/// A plain question in Chinese.
fn han(c: &Clause<'_>) -> Option<usize> {
    let at = c
        .tokens
        .iter()
        .position(|t| t.cjk() && t.norm.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))?;
    if c.tokens.iter().any(|t| t.norm.chars().any(|c| ('\u{3040}'..='\u{30fa}').contains(&c))) {
        return None;
    }
    let text: String = c.tokens.iter().take(60).map(|t| t.norm.as_str()).collect();
    let text = text.replace("能看到", "看到").replace("能看见", "看到").replace("可以看到", "看到");
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let ends = ["吗", "没", "没有", "么", "吧"].iter().any(|e| text.ends_with(e)) && !text.ends_with("什么");
    let tail = ends && (!text.ends_with('吧') || c.asks);
    let turned = has(&["有没有", "是不是", "是否", "在不在", "对不对", "好没好", "全不全", "齐不齐", "没了"]);
    let which = has(&[
        "哪首",
        "哪个",
        "哪些",
        "哪几",
        "哪段",
        "哪张",
        "哪一",
        "哪条",
        "哪种",
        "哪里",
        "哪儿",
        "哪版",
        "什么",
        "啥",
        "谁",
        "多少",
        "多长",
        "多大",
        "第几",
        "怎么样了",
        "怎样了",
        "咋样",
        "到哪",
        "百分之几",
    ]);
    let few = text.contains('几')
        && (c.asks
            || has(&["现在", "一共", "总共", "目前", "共有", "几秒", "几分"])
            || text.ends_with("几个")
            || text.ends_with("几段"));
    let requested = text.contains('把')
        || (text.contains('能') || text.contains("可以")) && !has(&["可以看了", "功能", "才能"]);
    let told = has(&["问"]) || c.asks || tail || turned || which || few;
    let either = text.contains("还是") && !text.ends_with('吗');
    // 现在是横屏还是竖屏: what it is; 用横屏还是竖屏: what would be good.
    let thing = c.tokens.iter().take_while(|t| t.norm != "是").any(|t| t.any(&[Tag::EditWord, Tag::Project]));
    let fact = either
        && (thing || has(&["现在", "目前", "当前", "这版", "这条", "已经"]))
        && text.contains('是')
        && !has(&["用", "好", "做", "选"]);
    if fact {
        return Some(at);
    }
    let asks = tail || turned || which || few;
    if asks && money(c) && !has(&["帮我", "画面", "让"]) {
        return Some(at);
    }
    if !told || !asks || requested || has(HAN_ELSE) || !has(HAN_FACT) {
        return None;
    }
    let handing = has(&["给你", "发你", "传你", "给您", "发您"]) && !text.contains('了');
    // 某人问现在几点: a scene; a wish in the first words ("做一个…") is no question.
    let wish = c.tokens.iter().take(3).any(|t| t.is(Tag::Edit) && !t.any(&[Tag::Progress, Tag::Job]))
        && !tail
        && !text.contains('了')
        && !text.contains("现在");
    let stranger =
        text.contains('谁') && !c.any(&[Tag::EditWord, Tag::Project, Tag::Asset, Tag::SoFar, Tag::Says]);
    let scene = stranger
        || c.any(&[Tag::Says]) && !c.any(&[Tag::SoFar, Tag::EditWord])
        || c.tokens.iter().any(|t| t.kind == Kind::Quote);
    (!handing && !either && !wish && !scene).then_some(at)
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
