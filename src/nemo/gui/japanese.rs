//! Japanese clauses: the verb stands last and its ending says whether it asks ("クリックしてください"), allows
//! ("クリックできます") or tells ("クリックしました"); only the first two are instructions.

use super::mood::Mood;
use super::sentence::Clause;
use super::step::Step;
use super::{Action, When, object};
use crate::nemo::words::{Kind, Tag, Token};

/// Is the clause Japanese (does it hold kana)?
pub(super) fn spoken(clause: &Clause) -> bool {
    clause.tokens.iter().any(|t| t.norm.chars().any(|c| matches!(c, '\u{3040}'..='\u{30fa}')))
}

/// Endings behind the stem of a verb, the asking ones.
const ASKS: &[&str] = &[
    "してください",
    "して下さい",
    "てください",
    "て下さい",
    "でください",
    "しましょう",
    "ましょう",
    "すればok",
];
/// The ones that leave it to the reader.
const ALLOWS: &[&str] = &[
    "できます",
    "することができます",
    "ことができます",
    "してもかまいません",
    "してもらえます",
    "すると",
    "けば",
    "せば",
    "することも",
    "こともできます",
    "てもいいです",
];
/// Stems of the editor's verbs and what they do.
const STEMS: &[(&str, Tag)] = &[
    ("クリック", Tag::Click),
    ("タップ", Tag::Click),
    ("押し", Tag::Click),
    ("押す", Tag::Click),
    ("押せ", Tag::Click),
    ("選択", Tag::Select),
    ("選んで", Tag::Select),
    ("開い", Tag::Open),
    ("開く", Tag::Open),
    ("開け", Tag::Open),
    ("移動して", Tag::Open),
    ("切り替えて", Tag::Open),
    ("ドラッグ", Tag::Drag),
    ("ドロップ", Tag::Drag),
    ("プレビュー", Tag::Preview),
    ("再生", Tag::Preview),
    ("確認", Tag::Preview),
];
/// A clause of these before an instruction makes it an offer.
const CONDITIONS: &[&str] = &["れば", "けれ", "たら", "なら", "場合", "際は", "ときは", "時は"];

/// Reads a clause; as `step::read`.
pub(super) fn read(reply: &str, clause: &Clause, before: Mood) -> (Option<Step>, Mood) {
    let text = reply.get(clause.start..clause.end).unwrap_or_default();
    let condition = CONDITIONS.iter().any(|c| text.contains(c));
    let mood = if condition || before == Mood::Offered { Mood::Offered } else { Mood::Statement };
    if text.contains("ないで") || text.contains("私が") || text.contains("こちらで") {
        return (None, Mood::NotYou);
    }
    let Some((at, stem, tag)) =
        STEMS.iter().filter_map(|&(s, t)| text.rfind(s).map(|i| (i, s, t))).max_by_key(|m| m.0)
    else {
        return (None, mood);
    };
    let rest = text.get(at + stem.len()..).unwrap_or_default();
    let tail = text.get(at..).unwrap_or_default();
    let asks = ASKS.iter().any(|e| tail.contains(e))
        || matches!(rest, "して" | "て" | "で" | "" if tail.ends_with(['て', 'で']));
    let allows = ALLOWS.iter().any(|e| rest.contains(e));
    if !asks && !allows {
        return (None, mood);
    }
    let verb = clause.tokens.iter().rposition(|t| t.start <= clause.start + at).unwrap_or(0);
    let pre = clause.tokens.get(..verb).unwrap_or_default();
    let Some((action, target)) = meant(reply, text, tag, pre) else { return (None, mood) };
    let when = if mood == Mood::Offered || allows { When::UserConfirms } else { When::Now };
    let behind = clause.tokens.len();
    let step =
        Step { action, when, target, rule: "asks in Japanese", verb, behind, object: None, seen: true };
    (Some(step), if when == When::Now { Mood::Asked } else { Mood::Offered })
}

/// The action of a verb with the object before it.
fn meant(reply: &str, text: &str, tag: Tag, pre: &[Token]) -> Option<(Action, Option<String>)> {
    let timeline = pre.iter().any(|t| t.is(Tag::Timeline));
    // Compounds such as オーディオパネル are one run of katakana.
    let named = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let panel = named(&["パネル", "タブ", "メニュー", "ライブラリ", "ウィンドウ", "設定画面", "セクション"])
        || timeline && tag == Tag::Open;
    let button = named(&["ボタン", "アイコン"]);
    match tag {
        Tag::Preview => timeline.then_some((Action::ShowTracks, None)),
        Tag::Open => panel.then(|| (Action::QueryState, name(reply, pre))),
        Tag::Drag => Some((Action::SendEdit, Some(text.trim().to_owned()))),
        _ => {
            let sure = button || pre.iter().any(|t| t.kind == Kind::Quote || t.is(Tag::Control));
            let name = name(reply, pre).filter(|_| sure || panel)?;
            if panel && !button {
                return Some((Action::QueryState, Some(name)));
            }
            let exports = object::exports(&name);
            Some((if exports { Action::ExecuteExport } else { Action::ExecuteViaApi }, Some(name)))
        }
    }
}

/// The quoted name, else the words since the last particle, without を and "button".
fn name(reply: &str, pre: &[Token]) -> Option<String> {
    if let Some(quote) = pre.iter().rev().find(|t| t.kind == Kind::Quote) {
        let mut inside = reply.get(quote.start..quote.end)?.chars();
        inside.next();
        inside.next_back();
        return Some(object::bare(inside.as_str()));
    }
    let end = pre.iter().rposition(|t| !matches!(t.norm.as_str(), "を" | "に" | "から" | "で" | "へ"))? + 1;
    let from = pre
        .get(..end)?
        .iter()
        .rposition(|t| {
            matches!(t.norm.as_str(), "の" | "は" | "で" | "、" | "に" | "から") || t.is(Tag::Should)
        })
        .map_or(0, |p| p + 1);
    let (first, last) = (pre.get(from)?, pre.get(end - 1)?);
    let name = reply.get(first.start..last.end)?;
    let name = name.strip_suffix("ボタン").unwrap_or(name).trim_end_matches('の');
    (!name.is_empty()).then(|| object::bare(name))
}
