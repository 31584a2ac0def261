//! Masks: which words of a clause do not count (denied, put off, supposed, somebody else's, written on the screen).

use crate::nemo::words::{Kind, Tag, Token};

/// What a negation can be about; one with none of them behind it is about what stands before it (余额不用查了).
const TOPICS: &[Tag] = &[
    Tag::Export,
    Tag::Upload,
    Tag::Credit,
    Tag::Balance,
    Tag::State,
    Tag::Edit,
    Tag::Progress,
    Tag::Give,
    Tag::Save,
    Tag::Attach,
    Tag::Left,
];
const TRANSPORT: &[Tag] = &[Tag::Export, Tag::Upload, Tag::Save, Tag::Put];

/// Which tokens still count: not the negated, postponed, subordinate, intended or written ones.
pub(super) fn liveness(part: &[Token]) -> Vec<bool> {
    let mut live = vec![true; part.len()];
    let mut kill = |from: usize, to: usize, only: &[Tag]| {
        for (mark, token) in live.iter_mut().zip(part).take(to).skip(from) {
            if only.is_empty() || token.any(only) {
                *mark = false;
            }
        }
    };
    let end = part.len();
    for (i, token) in part.iter().enumerate() {
        let next = part.get(i + 1);
        let han = token.norm.chars().next().is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let kana = token.cjk() && !han;
        // Portuguese "no meu celular" is no denial.
        let within = token.norm == "no"
            && next.is_some_and(|n| {
                n.is(Tag::Device) || matches!(n.norm.as_str(), "meu" | "final" | "fim" | "video" | "inicio")
            });
        // 用完没有: asks.
        let within = within || token.norm == "没有" && i + 1 == end && i > 1;
        if token.is(Tag::Neg) && !within {
            let topic = han && !part.get(i + 1..).unwrap_or_default().iter().any(|t| t.any(TOPICS));
            let trailing = topic
                || kana
                || matches!(
                    token.norm.as_str(),
                    "nicht"
                        | "pas"
                        | "noch nicht"
                        | "pas encore"
                        | "don't matter"
                        | "doesn't matter"
                        | "isn't important"
                        | "aren't important"
                );
            if !next.is_some_and(|n| matches!(n.norm.as_str(), "know" | "知道" | "sure")) {
                kill(if trailing { 0 } else { i }, resumed(part, i), &[]);
            }
        }
        let done = next.is_some_and(|n| {
            n.cjk()
                && (n.norm.starts_with('的')
                    || matches!(n.norm.as_str(), "了" | "过" | "来的" | "下来的" | "出来的"))
        });
        if done && !(token.is(Tag::Export) && next.is_some_and(|n| n.norm == "了")) {
            kill(i, i + 1, &[Tag::Export, Tag::Upload]);
        }
        // 既然状态是已完成, 余额我刚看过了: told, not asked.
        let known = matches!(token.norm.as_str(), "既然" | "反正" | "由于" | "因为" | "since" | "seeing")
            || token.cjk()
                && token.any(&[Tag::Show, Tag::Check])
                && (just_done(part, i) || next.is_some_and(|n| n.norm == "过"));
        if known && !part.iter().any(|t| t.any(&[Tag::HowMany, Tag::HowLong])) {
            kill(0, end, &[Tag::Credit, Tag::Balance, Tag::State, Tag::Progress]);
        }
        // 剪得真好: praise.
        if token.cjk() && next.is_some_and(|n| n.norm == "得") {
            kill(i, i + 1, &[Tag::Edit]);
        }
        // "For tomorrow": by when, not when.
        let until = i.checked_sub(1).and_then(|b| part.get(b)).is_some_and(|b| {
            matches!(b.norm.as_str(), "for" | "fur" | "pour" | "para" | "by" | "before" | "bis")
        });
        if token.is(Tag::Later) && !token.is(Tag::Then) && !until {
            kill(0, end, &[Tag::Export, Tag::Upload, Tag::Save, Tag::Put, Tag::Give, Tag::Get]);
            if !part.iter().any(|t| t.any(&[Tag::HowMany, Tag::Enough, Tag::What])) {
                kill(0, end, &[Tag::Credit, Tag::Balance, Tag::State]);
            }
        }
        // 我刚导出看了一遍: done already. "My sister will do the download", 同事负责导出: somebody else's doing.
        if token.any(&[Tag::Export, Tag::Upload]) && (just_done(part, i) || others(part, i)) {
            kill(i, i + 1, &[]);
        }
        if token.any(&[Tag::Before, Tag::When]) {
            let before = !token.cjk() && token.is(Tag::Before);
            match (token.cjk(), before) {
                (true, _) => kill(0, i, TRANSPORT),
                (false, true) => kill(i, asked_behind(part, i), &[]),
                (false, false) => kill(i, end, TRANSPORT),
            }
        }
        // "Once the client approves we export", 等客户确认再导出: waits for somebody else.
        let awaits = token.is(Tag::After)
            && !token.cjk()
            && part.iter().skip(i + 1).take(5).any(|t| t.is(Tag::Person) && !t.is(Tag::You))
            || token.norm == "等" && i <= 1 && part.iter().skip(i).any(|t| t.norm == "再");
        if awaits {
            kill(i, end, TRANSPORT);
        }
        // "If it's fine export it": waits for the user's own content only.
        let pleased = token.is(Tag::If) && {
            let to = part.iter().skip(i + 1).position(|t| t.any(TRANSPORT)).map_or(end, |p| i + 1 + p);
            let between = part.get(i + 1..to).unwrap_or_default();
            let light = [Tag::They, Tag::Whole, Tag::Be, Tag::Filler, Tag::Happy, Tag::You, Tag::I];
            to < end
                && between.iter().any(|t| t.any(&[Tag::Filler, Tag::Happy]) && !t.is(Tag::SoFar))
                && between.iter().all(|t| t.any(&light))
        };
        // 够的话导出: closes the condition before it.
        let closes = token.norm == "的话";
        // 积分够的话就导出, "if I have enough credits": what is supposed is not asked.
        let supposed = [Tag::Credit, Tag::Balance, Tag::Enough, Tag::State, Tag::Progress, Tag::Left];
        if closes {
            kill(0, i, TRANSPORT);
            kill(0, i, &supposed);
        }
        let wondered = part
            .get(..i)
            .unwrap_or_default()
            .iter()
            .any(|t| t.any(&[Tag::Check, Tag::Tell, Tag::Show, Tag::Ask]));
        if token.is(Tag::If)
            && !token.cjk()
            && matches!(
                token.norm.as_str(),
                "if" | "in case" | "provided" | "assuming" | "falls" | "wenn" | "si" | "se"
            )
            && i <= 2
            && !wondered
        {
            kill(i, end, &supposed);
        }
        let last = han && i + 1 == end;
        if token.any(&[Tag::If, Tag::Purpose]) && !(closes || last || pleased) {
            kill(i, end, TRANSPORT);
        }
        if token.is(Tag::Says) {
            kill(
                i + 1,
                end,
                &[
                    Tag::Export,
                    Tag::Upload,
                    Tag::Credit,
                    Tag::Balance,
                    Tag::State,
                    Tag::Progress,
                    Tag::Show,
                    Tag::Save,
                ],
            );
        }
        // "download-style", "pre-export": part of a compound.
        if token.glued {
            kill(
                i.saturating_sub(1),
                i + 1,
                &[Tag::Export, Tag::Upload, Tag::Credit, Tag::State, Tag::Balance],
            );
        }
    }
    live
}

/// "After you've removed the second clip": an edit that is to be done before something else.
pub(super) fn done_first(part: &[Token]) -> bool {
    let Some(first) = part.first().filter(|t| t.is(Tag::After) && !t.cjk()) else { return false };
    let ahead = part.get(1..part.len().min(12)).unwrap_or_default();
    let ahead = ahead.split(|t| t.kind != Kind::Word && t.kind != Kind::Number).next().unwrap_or_default();
    let you = ahead
        .iter()
        .any(|t| t.any(&[Tag::You, Tag::Be]) || t.norm.starts_with("you") || t.norm == "has been");
    let made =
        ahead.iter().any(|t| t.is(Tag::Changed) && !t.any(&[Tag::Done, Tag::Edit]) && t.norm != "made");
    first.kind == Kind::Word && you && made
}

/// Where a denial ends: "instead of telling me the balance just give me the video".
fn resumed(part: &[Token], denied: usize) -> usize {
    let again = part.windows(2).skip(denied + 1).position(|w| {
        matches!(w, [j, v] if matches!(j.norm.as_str(), "just" | "simply" | "直接" | "只要") && v.any(&[Tag::Give, Tag::Export, Tag::Tell, Tag::Show, Tag::Edit, Tag::Save]))
    });
    again.map_or(part.len(), |p| denied + 1 + p)
}

/// Where the part of a clause ends that "before" opened: at the request behind it, if there is one.
fn asked_behind(part: &[Token], before: usize) -> usize {
    let tail = part.get(before + 2..).unwrap_or_default();
    tail.iter().position(|t| t.any(&[Tag::Ask, Tag::Tell]) && !t.cjk()).map_or(part.len(), |p| before + 2 + p)
}

/// Does the word before the verb at `at` say that it has happened?
fn just_done(part: &[Token], at: usize) -> bool {
    const JUST: &[&str] = &[
        "刚",
        "刚刚",
        "刚才",
        "我刚",
        "我刚刚",
        "昨天",
        "昨晚",
        "前天",
        "上次",
        "上周",
        "今早",
        "已经",
        "我已经",
        "我已",
    ];
    part.get(at.saturating_sub(2)..at).unwrap_or_default().iter().any(|t| JUST.contains(&t.norm.as_str()))
        && part.get(at).is_some_and(Token::cjk)
}

/// Is somebody else the subject of the verb at `at`?
fn others(part: &[Token], at: usize) -> bool {
    let ahead = part.get(at.saturating_sub(6)..at).unwrap_or_default();
    // "The brand will upload it": some noun, then what it does.
    let named = ahead.windows(3).any(|w| {
        matches!(w, [d, n, a] if d.is(Tag::Det) && !d.cjk() && n.kind == Kind::Word && !n.any(&[Tag::I, Tag::You, Tag::We, Tag::Ask])
            && matches!(a.norm.as_str(), "will" | "would" | "can" | "must" | "has" | "does" | "wants to" | "is going to" | "should"))
    });
    if named && !ahead.iter().any(|t| t.any(&[Tag::Ask, Tag::Give])) {
        return true;
    }
    let Some(who) = ahead.iter().rposition(|t| t.is(Tag::Person)) else { return false };
    let between = ahead.get(who + 1..).unwrap_or_default();
    let asked = |t: &Token| {
        t.any(&[Tag::I, Tag::Ask, Tag::Give, Tag::Purpose, Tag::And])
            && !t.any(&[Tag::Aux, Tag::Be])
            && !matches!(t.norm.as_str(), "来" | "do the" | "do an")
    };
    let does = |t: &Token| {
        t.any(&[Tag::Aux, Tag::Be])
            || matches!(
                t.norm.as_str(),
                "handles" | "does" | "takes care" | "责" | "会" | "去" | "自己" | "来" | "在" | "就"
            )
    };
    let to = who
        .checked_sub(2)
        .and_then(|b| ahead.get(b))
        .is_some_and(|t| matches!(t.norm.as_str(), "for" | "to" | "with"));
    !to && !between.iter().any(asked) && (between.is_empty() || between.iter().any(does))
}
