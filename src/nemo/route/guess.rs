//! A guess where no rule is sure: a linear model over words, pieces of words and the tags of the tables.
//!
//! The rules say "edit" for whatever they do not know. Most of that is right, but a wish in words that the tables lack
//! ends there, too. This model has learnt from the messages in `data/understand` how wishes sound. It is asked
//! after the rules, and only where they are in doubt: each rule has a head start (`trust`), and most cannot be
//! overruled at all. Its weights (`guess.bin`: one scale, then a signed byte per bucket and action) are made by
//! `cargo run --example understand_train`, which takes its features from here.

use super::{Intent, Reason};
use crate::nemo::words::{self, Kind, Tag, Token};

/// The actions in the order of the weights.
pub const ACTIONS: [Intent; 5] =
    [Intent::Export, Intent::Credits, Intent::State, Intent::Upload, Intent::Edit];
/// Features are hashed into this many buckets.
pub const BUCKETS: usize = 1 << 16;
/// The file of weights, relative to the package.
pub const FILE: &str = "src/nemo/route/guess.bin";
/// How many tokens are looked at from either end of a message.
const END: usize = 40;
const WEIGHTS: &[u8] = include_bytes!("guess.bin");
const TRUST_DOUBTFUL: f32 = 2.0;
const RULE: &str = "sounds like it";
/// The least chance at which a guess is believed.
const LEAST: f32 = 0.5;

/// The buckets of a message's features, ascending, each once.
pub fn features(text: &str) -> Vec<u32> {
    buckets(&ends(&words::scan(text)))
}

/// Lets the model overrule the first reading of a message, if that is a doubtful one.
pub(super) fn settle(reasons: &mut Vec<Reason>, tokens: &[Token]) {
    let first = reasons.first();
    let Some(trust) = trust(first) else { return };
    if !tokens.iter().any(|t| t.kind == Kind::Word) {
        return;
    }
    let read = first.map_or(Intent::Edit, |r| r.intent);
    let all = tokens;
    let tokens = ends(tokens);
    let chances = chances(&buckets(&tokens));
    // A question by its form: what it is about is not for the form to say.
    let form = first.is_some_and(|r| r.rule == super::question::RULE);
    let score = |(action, chance): (Intent, f32)| {
        // An export that no rule has seen is dear if it is wrong.
        let bias = match action {
            a if a == read => trust,
            Intent::Export => -1.0,
            Intent::Credits | Intent::State if form => 1.5,
            _ => 0.0,
        };
        (action, chance, (chance + 1e-6).ln() + bias)
    };
    let best = ACTIONS.into_iter().zip(chances).map(score).max_by(|a, b| a.2.total_cmp(&b.2));
    let Some((action, chance, _)) = best.filter(|b| b.0 != read && b.1 >= LEAST) else { return };
    // "A man downloads a file": a picture.
    let shown =
        all.first().is_some_and(|t| matches!(t.norm.as_str(), "a" | "an")) || all.iter().any(pictured);
    if action == Intent::Export && shown {
        return;
    }
    // What stands before the wish was a remark ("it has to fit in an email, so trim it").
    if let Some(later) = reasons.iter().position(|r| r.intent == action) {
        // A verb of editing was meant, wherever else the message goes.
        let verb = reasons.first().is_some_and(|r| r.intent == Intent::Edit && r.weight > 1.0);
        if !verb && !joined(reasons.get(..=later).unwrap_or_default(), all) {
            reasons.drain(..later);
        }
        return;
    }
    let Some(word) = telling(&tokens, action) else { return };
    let reason = Reason { intent: action, rule: RULE, start: word.start, end: word.end, weight: chance };
    match reasons.first_mut() {
        Some(first) => *first = reason,
        None => reasons.push(reason),
    }
}

fn pictured(token: &Token) -> bool {
    token.is(Tag::Picture) && !token.any(&[Tag::Func, Tag::Project, Tag::Asset, Tag::Video])
}

/// Does "and" or "then" stand between two of the wishes?
fn joined(reasons: &[Reason], tokens: &[Token]) -> bool {
    let (Some(first), Some(last)) = (reasons.first(), reasons.last()) else { return false };
    let between = super::question::part(tokens, first.start + 1, last.start + 1);
    between.iter().any(|t| t.any(&[Tag::Then, Tag::And]) && t.norm != "也" && t.norm != "就")
}

/// The head start of a reading, in nats. `None`: not to be overruled. Measured on rounds that neither the rules nor
/// the model had seen.
fn trust(first: Option<&Reason>) -> Option<f32> {
    match first.map(|r| (r.intent, r.rule)) {
        None => Some(0.3),
        Some((Intent::Edit, "thing in a video")) => Some(0.6),
        Some((Intent::Edit, "edit verb")) => Some(1.2),
        Some((
            _,
            super::question::RULE
            | "names the state"
            | "asks how far it is"
            | "asks how it is"
            | "asks what is there"
            | "asks for a list"
            | "onto a device"
            | "names the file"
            | "hand over the video"
            | "export verb"
            | "upload verb",
        )) => Some(TRUST_DOUBTFUL),
        Some(_) => None,
    }
}

/// The word that speaks most for `action`.
fn telling<'a>(tokens: &[&'a Token], action: Intent) -> Option<&'a Token> {
    let column = ACTIONS.iter().position(|&a| a == action)?;
    let weight = |t: &Token| {
        row(bucket(name(t))).map_or(0, |r| r.get(column).copied().unwrap_or_default().cast_signed())
    };
    tokens.iter().copied().filter(|t| t.kind == Kind::Word).max_by_key(|t| weight(t))
}

/// How likely each of [`ACTIONS`] is.
fn chances(found: &[u32]) -> [f32; 5] {
    let scale = WEIGHTS.first_chunk::<4>().map_or(0.0, |s| f32::from_le_bytes(*s));
    let mut sums = [0.0_f32; 5];
    for row in found.iter().filter_map(|&b| row(b)) {
        for (sum, w) in sums.iter_mut().zip(row) {
            *sum += f32::from(w.cast_signed());
        }
    }
    softmax(sums.map(|s| s * scale / (found.len().max(1) as f32).sqrt()))
}

/// Scores to chances.
pub fn softmax(scores: [f32; 5]) -> [f32; 5] {
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    let powers = scores.map(|s| (s - top).exp());
    let all: f32 = powers.iter().sum();
    powers.map(|p| p / all)
}

fn row(bucket: u32) -> Option<&'static [u8; 5]> {
    WEIGHTS.get(4 + bucket as usize * 5..)?.first_chunk()
}

fn ends(tokens: &[Token]) -> Vec<&Token> {
    let tail = tokens.len().saturating_sub(END).max(END);
    tokens.iter().enumerate().filter(|(i, _)| *i < END || *i >= tail).map(|(_, t)| t).collect()
}

/// What a token is called: words by themselves, the rest by kind.
fn name(token: &Token) -> u32 {
    match token.kind {
        Kind::Word => token.norm.bytes().fold(1, |h, b| mix(h, u32::from(b), 1)),
        Kind::Number => 2,
        Kind::Mark(c) => mix(3, c as u32, 3),
        Kind::Quote => 4,
        Kind::Media | Kind::File => 5,
        Kind::Link => 6,
        Kind::Line => 7,
    }
}

fn buckets(tokens: &[&Token]) -> Vec<u32> {
    let mut out = Vec::with_capacity(tokens.len() * 24);
    // Words, pairs and threes of them.
    let (mut earlier, mut before) = (0, 0);
    for token in tokens {
        let name = name(token);
        out.extend([name, mix(before, name, 8), mix(mix(earlier, before, 9), name, 9)]);
        if token.kind == Kind::Word {
            pieces(token, &mut out);
        }
        (earlier, before) = (before, name);
    }
    out.push(mix(before, 0, 10));
    // Characters across words, in scripts without blanks.
    let han: Vec<char> =
        tokens.iter().flat_map(|t| if t.cjk() { t.norm.as_str() } else { " " }.chars()).collect();
    for n in 2..=4 {
        let runs = han.windows(n).filter(|w| !w.contains(&' '));
        out.extend(runs.map(|w| w.iter().fold(11, |h, &c| mix(h, c as u32, 11))));
    }
    // The form: sets of tags, pairs of them, single tags, both ends, the length.
    let sets: Vec<u32> = tokens.iter().map(|t| set(t.tags.bits())).collect();
    out.extend_from_slice(&sets);
    out.extend(sets.windows(2).filter_map(|w| Some(mix(*w.first()?, *w.last()?, 13))));
    for token in tokens {
        let mut bits = token.tags.bits();
        while bits != 0 {
            out.push(mix(bits.trailing_zeros(), 0, 14));
            bits &= bits - 1;
        }
    }
    out.extend(sets.first().map(|&s| mix(s, 1, 15)));
    out.extend(sets.last().map(|&s| mix(s, 2, 15)));
    out.push(mix(tokens.len().isqrt() as u32, 3, 15));
    for feature in &mut out {
        *feature = bucket(*feature);
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The letters of a word in threes to fives, with its ends; in scripts without blanks its characters.
fn pieces(token: &Token, out: &mut Vec<u32>) {
    if token.cjk() {
        out.extend(token.norm.chars().map(|c| mix(c as u32, 0, 16)));
        return;
    }
    let letters = ['^'].into_iter().chain(token.norm.chars().take(24)).chain(['$']);
    let letters: Vec<char> = letters.collect();
    for n in 3..=5 {
        out.extend(letters.windows(n).map(|w| w.iter().fold(17, |h, &c| mix(h, c as u32, 17))));
    }
}

fn set(bits: u128) -> u32 {
    let part = |n: u32| (bits >> (32 * n)) as u32;
    mix(mix(part(0), part(1), 12), mix(part(2), part(3), 12), 12)
}

fn bucket(feature: u32) -> u32 {
    (mix(feature, 0, 18) >> 7) & (BUCKETS as u32 - 1)
}

fn mix(a: u32, b: u32, seed: u32) -> u32 {
    let hash = (a ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b).rotate_left(13);
    let hash = (hash ^ b).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 15
}
