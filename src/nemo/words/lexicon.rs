//! The tables: which word or phrase carries which tags.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold::{folded, lowered};
use super::scan::{Kind, Token};

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What a word can be; the tables give each entry one or more.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Tag { $($(#[$doc])* $name),* }
        impl Tag {
            const ALL: &[(&str, Tag)] = &[$((stringify!($name), Tag::$name)),*];
            fn named(name: &str) -> Option<Tag> {
                Self::ALL.iter().find(|t| t.0 == name).map(|t| t.1)
            }
        }
    };
}

tags! {
    /// Known, but without meaning for us: shields a longer word from a keyword inside it.
    Other,
    /// Articles, prepositions, particles: weigh nothing.
    Func,
    /// Articles and possessives.
    Det,
    I, You, We, They,
    /// Somebody else: "my boss", 同事.
    Person,
    Be,
    /// Requests: "can you", "please", 帮我.
    Ask,
    Greet, Filler,
    Neg, Later, Before, After, When, If, Purpose, Then, First, But, And,
    /// "So far", "right now".
    SoFar,
    Export, Exported, Render, Save, Put, Device, Give, Get, Container, Video, Whole, Finished, LinkWord, FileWord,
    Credit, Balance, Account, Enough, Left, HowMany, Spend, RunOut, Afford, Job, Price,
    State, Show, Tell, Check, What, HowLong, Project, Asset, Progress, Done, Have, Contain, Changed,
    Upload, Uploaded, Attach, Own, HereIs, Use,
    Edit, EditWord, Picture, Ref, Says, Ui, Platform, Click, Press, Select, Open, Go, Drag, Move, Preview, Panel, Timeline, Button, Control, Place, Can, Should, Happy, Will, Already, Past, Aux, Question, Passive, Problem,
}

/// A set of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tags(u128);

impl Tags {
    pub(crate) const NONE: Tags = Tags(0);
    pub(crate) fn of(tag: Tag) -> Tags {
        Tags(1 << tag as u32)
    }
    pub(crate) fn has(self, tag: Tag) -> bool {
        self.0 & (1 << tag as u32) != 0
    }
    pub(crate) fn known(self) -> bool {
        self.0 != 0
    }
    pub(crate) fn bits(self) -> u128 {
        self.0
    }
    pub(crate) fn union(self, other: Tags) -> Tags {
        Tags(self.0 | other.0)
    }
}

/// The longest entry of the tables in characters, for scripts without blanks.
pub(super) const LONGEST_CJK: usize = 10;
const LONGEST_PHRASE: usize = 9;
const TABLES: &[&str] = &[include_str!("en.txt"), include_str!("zh.txt"), include_str!("more.txt")];

struct Lexicon {
    entries: HashMap<String, Tags>,
    /// First words of phrases, with the phrase's length in words.
    heads: HashMap<String, usize>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon { entries: HashMap::new(), heads: HashMap::new() };
    let lines = TABLES.iter().enumerate().flat_map(|(n, t)| t.lines().map(move |l| (n, l)));
    for (table, line) in lines.filter(|(_, l)| !l.starts_with('#')) {
        let Some((names, words)) = line.split_once(": ") else { continue };
        let tags =
            names.split_whitespace().filter_map(Tag::named).fold(Tags::NONE, |a, t| a.union(Tags::of(t)));
        // Japanese keeps its own characters: its 動画 is a video, the Chinese 动画 an animation.
        let spelled = |w: &str| if table == 2 { lowered(w) } else { folded(w) };
        for word in words.split('|').map(|w| spelled(w.trim()).replace('-', " ")).filter(|w| !w.is_empty()) {
            let mut parts = word.split(' ');
            if let (Some(head), len @ 2..) = (parts.next(), word.split(' ').count()) {
                let longest = lexicon.heads.entry(head.to_owned()).or_default();
                *longest = len.min(LONGEST_PHRASE).max(*longest);
            }
            let entry = lexicon.entries.entry(word).or_default();
            *entry = entry.union(tags);
        }
    }
    lexicon
});

/// The tags of one folded word.
pub(crate) fn tags(word: &str) -> Tags {
    LEXICON.entries.get(word).copied().unwrap_or_default()
}

/// The known word that `word` was probably meant to be; `word` itself if it is known or resembles none.
pub(crate) fn spelled(word: &str) -> &str {
    if !word.is_ascii() || tags(word).known() {
        return word;
    }
    if let Some((_, meant)) = SLIPS.iter().find(|s| s.0 == word) {
        return meant;
    }
    if word.len() < 3 {
        return word;
    }
    // Letters held down: "exporttt".
    let mut plain: Vec<u8> = word.bytes().collect();
    plain.dedup();
    let held = |known: &&&str| {
        let mut letters: Vec<u8> = known.bytes().collect();
        letters.dedup();
        letters == plain
    };
    if let Some(known) = SPELLED.iter().find(held).filter(|_| plain.len() < word.len()) {
        return known;
    }
    let near = |known: &&&str| {
        word.as_bytes().first() == known.as_bytes().first() && slipped(word.as_bytes(), known.as_bytes())
    };
    if word.len() >= 5 { SPELLED.iter().find(near).copied().unwrap_or(word) } else { word }
}

/// The words whose slips of the finger are understood.
const SPELLED: &[&str] = &[
    "export",
    "download",
    "credits",
    "balance",
    "status",
    "upload",
    "timeline",
    "project",
    "footage",
    "finished",
    "please",
    "video",
    "subtitles",
    "background",
    "music",
    "change",
    "title",
    "generate",
    "brighter",
    "remaining",
    "tracks",
    "progress",
    "account",
    "ready",
    "many",
    "check",
    "show",
    "add",
    "replace",
    "remove",
    "delete",
    "bigger",
    "effects",
    "transition",
    "brightness",
    "vertical",
    "slower",
    "faster",
    "louder",
    "second",
    "file",
    "send",
    "clip",
    "finish",
    "render",
    "create",
    "make",
];
/// Slips that are too short to be guessed.
const SLIPS: &[(&str, &str)] = &[
    ("redy", "ready"),
    ("wats", "whats"),
    ("wat", "what"),
    ("teh", "the"),
    ("vid", "video"),
    ("dl", "download"),
    ("mny", "many"),
    ("exprt", "export"),
    ("chek", "check"),
    ("dowload", "download"),
    ("dwnload", "download"),
    ("uplod", "upload"),
    ("vdeo", "video"),
    ("sned", "send"),
];

/// Two letters swapped, one missing, one too many, or (in a long word) one wrong inside.
fn slipped(word: &[u8], known: &[u8]) -> bool {
    if word.len().abs_diff(known.len()) > 1 {
        return false;
    }
    let head = word.iter().zip(known).take_while(|(a, b)| a == b).count();
    let (w, k) = (word.get(head..).unwrap_or_default(), known.get(head..).unwrap_or_default());
    match word.len().cmp(&known.len()) {
        std::cmp::Ordering::Equal => match (w, k) {
            ([a, b, w @ ..], [c, d, k @ ..]) => {
                a == d && b == c && w == k || known.len() >= 7 && !k.is_empty() && a != c && b == d && w == k
            }
            _ => false,
        },
        // An ending is grammar ("exports", "balances"), not a slip.
        std::cmp::Ordering::Greater => w.len() > 1 && w.get(1..) == Some(k),
        std::cmp::Ordering::Less => k.len() > 1 && k.get(1..) == Some(w),
    }
}

/// Joins neighbouring words that the tables know as one phrase, the longest first.
pub(super) fn phrases(tokens: &mut Vec<Token>) {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let longest =
            if token.kind == Kind::Word { LEXICON.heads.get(&token.norm).copied().unwrap_or(1) } else { 1 };
        let (len, joined) = joined(tokens, i, longest).unwrap_or_else(|| (1, token.clone()));
        out.push(joined);
        i += len;
    }
    *tokens = out;
}

fn joined(tokens: &[Token], at: usize, longest: usize) -> Option<(usize, Token)> {
    let first = tokens.get(at)?;
    let run =
        tokens.get(at..)?.iter().take(longest).take_while(|t| matches!(t.kind, Kind::Word | Kind::Number));
    let words: Vec<&Token> = run.collect();
    (2..=words.len()).rev().find_map(|len| {
        let part = words.get(..len)?;
        let norm = part.iter().map(|t| t.norm.as_str()).collect::<Vec<_>>().join(" ");
        let tags = *LEXICON.entries.get(&norm)?;
        let end = part.last()?.end;
        Some((len, Token { end, tags, norm, ..first.clone() }))
    })
}
