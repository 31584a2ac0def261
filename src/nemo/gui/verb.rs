//! Verbs of the editor and what must stand with them: a click needs a control, opening a panel, a drag a place.

use super::object::{self, Named};
use super::sentence::Clause;
use super::step::Step;
use super::{Action, When};
use crate::nemo::words::{Kind, Tag, Token};

/// The action of the verb at `at` with its object, if they fit.
pub(super) fn object_of(reply: &str, clause: &Clause, at: usize) -> Option<Step> {
    let tokens = &clause.tokens;
    let verb = tokens.get(at)?;
    let next = tokens.get(at + 1);
    let rest = tokens.get(at + 1..).unwrap_or_default();
    let near = rest.get(..rest.len().min(9)).unwrap_or_default();
    let step = |action, target: Option<String>, rule, behind| {
        Some(Step { action, when: When::Now, target, rule, verb: at, behind, object: None, seen: true })
    };
    let place = |tag: Tag| tokens.iter().enumerate().skip(at + 1).find(|(_, t)| t.is(tag)).map(|(i, _)| i);
    let pre_place = |tag: Tag| tokens.get(..at).unwrap_or_default().iter().any(|t| t.is(tag));
    let taken = |t: &Token| {
        t.any(&[Tag::Det, Tag::Control, Tag::Button, Tag::Place, Tag::Timeline])
            || t.capital
            || t.kind == Kind::Quote
            || matches!(
                t.norm.as_str(),
                "on" | "here" | "it" | "them" | "your" | "auf" | "sur" | "en" | "em" | "sobre"
            )
            || t.norm.starts_with("l'")
            || t.cjk()
    };

    if verb.is(Tag::Drag)
        && (!verb.is(Tag::Move)
            || near.iter().any(|t| {
                matches!(
                    t.norm.as_str(),
                    "to" | "onto"
                        | "into"
                        | "slider"
                        | "handle"
                        | "handles"
                        | "over"
                        | "under"
                        | "on"
                        | "so"
                        | "edge"
                        | "along"
                        | "across"
                        | "playhead"
                        | "left"
                        | "right"
                ) || verb.cjk()
            }))
    {
        let fits = next.is_some_and(|n| {
            taken(n) || n.is(Tag::Asset) || n.is(Tag::Project) || verb.norm.starts_with("drag")
        });
        let aimed = near.iter().any(|t| matches!(t.norm.as_str(), "to" | "onto" | "into"))
            && next.is_some_and(|n| n.kind == Kind::Word && !n.glued);
        let compound = next.is_some_and(|n| {
            matches!(
                n.norm.as_str(),
                "race"
                    | "races"
                    | "racing"
                    | "queen"
                    | "queens"
                    | "show"
                    | "shadow"
                    | "shadows"
                    | "strip"
                    | "zone"
                    | "of"
                    | "frame"
                    | "frames"
                    | "down"
            )
        });
        let object_ahead =
            tokens.get(..at).unwrap_or_default().iter().any(|t| matches!(t.norm.as_str(), "把" | "将"));
        let moves = !verb.is(Tag::Move) || !verb.cjk() || object_ahead;
        if (fits || aimed) && !compound && moves
            || verb.cjk() && (object_ahead || !verb.is(Tag::Move) && next.is_some())
        {
            let end = tokens
                .iter()
                .enumerate()
                .skip(at)
                .find(|(_, t)| {
                    !t.cjk()
                        && (matches!(t.norm.as_str(), "so" | "because" | "since" | "where" | "which")
                            || t.is(Tag::Purpose))
                })
                .map_or(tokens.len(), |(i, _)| i);
            let lead = |t: &&Token| {
                !t.any(&[Tag::Should, Tag::Then, Tag::Can, Tag::You])
                    || matches!(t.norm.as_str(), "把" | "将")
            };
            let from = if verb.cjk() {
                tokens
                    .iter()
                    .find(lead)
                    .filter(|t| !t.any(&[Tag::If, Tag::Happy]))
                    .or(tokens.iter().find(|t| matches!(t.norm.as_str(), "把" | "将")))
                    .unwrap_or(verb)
            } else {
                verb
            };
            let words = reply.get(from.start..clause.end).map(|w| w.trim().to_owned());
            return step(Action::SendEdit, words, "drag or move", end);
        }
    }
    let named = object::control(reply, clause, at);
    if verb.is(Tag::Click) {
        let vague = verb.is(Tag::Press);
        let fits = next.is_some_and(|n| taken(n) || n.mark() == Some('+')) || verb.norm.ends_with(" the");
        let sure = named.as_ref().is_some_and(|n| n.sure);
        let plain = !vague && named.is_some() && verb.norm != "点";
        if fits && (sure || plain) {
            let panel = named.as_ref().is_some_and(|n| {
                tokens.get(n.behind).is_some_and(|t| t.is(Tag::Panel) && !t.is(Tag::Button))
            });
            let Named { name, behind, .. } = named?;
            let plays = matches!(crate::nemo::words::folded(&name).as_str(), "play" | "播放")
                && place(Tag::Timeline).is_some();
            if plays {
                return step(Action::ShowTracks, None, "plays the timeline", place(Tag::Timeline)? + 1);
            }
            // 点击音效加在了第2秒: a report with a noun before its verb.
            if verb.cjk() && !sure && tokens.iter().skip(at + 2).any(|t| t.norm == "了") {
                return None;
            }
            if panel {
                return step(Action::QueryState, Some(name), "opens a panel", behind + 1);
            }
            let action = if object::exports(&name) { Action::ExecuteExport } else { Action::ExecuteViaApi };
            return step(action, Some(name), "clicks a control", behind);
        }
    }
    if verb.is(Tag::Preview) {
        let timeline = place(Tag::Timeline).filter(|&i| i <= at + 12);
        let ahead = pre_place(Tag::Timeline).then_some(at + 1);
        let itself = matches!(verb.norm.as_str(), "preview" | "预览" | "预览一下");
        if let Some(end) =
            timeline.or(ahead).or_else(|| (itself && next.is_none_or(taken)).then_some(tokens.len()))
        {
            let object = timeline.and_then(|end| seen(tokens, at, end));
            return Some(Step {
                action: Action::ShowTracks,
                when: When::Now,
                target: None,
                rule: "looks at the timeline",
                verb: at,
                behind: end + 1,
                object,
                seen: true,
            });
        }
        let looks = ["take a look", "have a look", "look at", "看一下", "看看", "查看"]
            .iter()
            .any(|v| verb.norm.starts_with(v));
        let panel = place(Tag::Panel)
            .filter(|_| looks || near.iter().any(|t| matches!(t.norm.as_str(), "in" | "inside" | "under")));
        let object = panel.and_then(|end| seen(tokens, at, end));
        if let Some(panel) = panel.or_else(|| (pre_place(Tag::Panel) && verb.cjk()).then_some(at + 1)) {
            return Some(Step {
                action: Action::QueryState,
                when: When::Now,
                target: None,
                rule: "looks into a panel",
                verb: at,
                behind: panel + 1,
                object,
                seen: true,
            });
        }
    }
    let previews = rest.iter().any(|t| t.is(Tag::Preview) && t.norm.starts_with("预览"))
        || verb.is(Tag::Go) && rest.iter().any(|t| t.is(Tag::Preview));
    let timeline = place(Tag::Timeline).filter(|_| verb.any(&[Tag::Open, Tag::Go]) && previews);
    if let Some(end) = timeline {
        return step(Action::ShowTracks, None, "looks at the timeline", end.max(tokens.len()));
    }
    if verb.any(&[Tag::Open, Tag::Go]) && !(verb.is(Tag::Preview) && verb.is(Tag::Open))
        || matches!(verb.norm.as_str(), "check" | "view")
    {
        let chain = near.iter().position(|t| matches!(t.mark(), Some('>' | '→')));
        if let Some(named) = named.as_ref().filter(|n| chain.is_some() && n.sure) {
            let action =
                if object::exports(&named.name) { Action::ExecuteExport } else { Action::ExecuteViaApi };
            return step(action, Some(named.name.clone()), "follows a menu", named.behind);
        }
        let quoted_panel = tokens
            .iter()
            .enumerate()
            .skip(at + 1)
            .take(6)
            .find(|(_, t)| t.kind == Kind::Quote && panel_name(reply, t))
            .map(|(i, _)| i);
        if let Some(panel) =
            quoted_panel.or_else(|| place(Tag::Panel)).filter(|&i| i <= at + 8 && next.is_some_and(taken))
        {
            let name = named.map(|n| n.name);
            return step(Action::QueryState, name, "opens a panel", panel + 1);
        }
        if let Some(named) = named.filter(|n| {
            n.sure
                && verb.any(&[Tag::Open, Tag::Go])
                && (next.is_some_and(|n| n.capital) || near.iter().take(4).any(|n| n.kind == Kind::Quote))
        }) {
            let action =
                if object::exports(&named.name) { Action::ExecuteExport } else { Action::QueryState };
            return step(action, Some(named.name), "opens by name", named.behind);
        }
    }
    if verb.is(Tag::Export) && (verb.norm.starts_with("export") || verb.norm.starts_with("导出")) {
        let noun = next.is_some_and(|n| {
            n.any(&[Tag::Button, Tag::Panel, Tag::Ui, Tag::Be, Tag::Aux]) && !n.is(Tag::Det)
        }) || tokens.get(..at).unwrap_or_default().last().is_some_and(|t| t.is(Tag::Det));
        let object: &[Tag] = if verb.cjk() {
            &[Tag::Video, Tag::Whole, Tag::Finished, Tag::Can]
        } else {
            &[
                Tag::Det,
                Tag::Func,
                Tag::Video,
                Tag::Whole,
                Tag::SoFar,
                Tag::Filler,
                Tag::When,
                Tag::Can,
                Tag::Finished,
            ]
        };
        let particle = |n: &Token| {
            matches!(n.norm.as_str(), "吧" | "即可" | "就行" | "就可以" | "下载" | "保存" | "来" | "啦")
        };
        let alone = next.is_none_or(|n| n.any(object) || particle(n));
        if !noun && alone {
            return step(Action::ExecuteExport, None, "exports", tokens.len().min(at + 4));
        }
    }
    None
}

/// What is to be looked at: the words between the verb and "in the …", if they say something new.
fn seen(tokens: &[Token], verb: usize, place: usize) -> Option<(usize, usize)> {
    let inside = tokens.get(verb + 1..place)?;
    let end =
        inside.iter().rposition(|t| matches!(t.norm.as_str(), "in" | "inside" | "under" | "on" | "of"))?;
    let object = inside.get(..end)?;
    let known = |t: &Token| {
        t.any(&[Tag::Func, Tag::Det, Tag::Whole, Tag::Finished])
            || t.any(&[Tag::Video, Tag::Project]) && !t.norm.ends_with('s')
    };
    let (first, last) = (object.first()?, object.last()?);
    (!object.iter().all(known)).then_some((first.start, last.end))
}

/// A quoted name that says itself that it is a panel (“素材面板”).
fn panel_name(reply: &str, quote: &Token) -> bool {
    let name = crate::nemo::words::folded(reply.get(quote.start..quote.end).unwrap_or_default());
    let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
    [
        "panel",
        "tab",
        "menu",
        "library",
        "window",
        "section",
        "面板",
        "标签页",
        "标签",
        "选项卡",
        "菜单",
        "库",
        "窗口",
        "页面",
        "栏",
    ]
    .iter()
    .any(|p| name.ends_with(p))
}
