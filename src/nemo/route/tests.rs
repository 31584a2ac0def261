use std::collections::BTreeMap;

use serde::Deserialize;

use super::Intent::{self, *};
use super::*;

#[test]
fn what_a_message_asks_for() {
    let cases: &[(&str, Intent, &[Intent])] = &[
        ("export 1080p MP4", Export, &[]),
        ("把视频发给我", Export, &[]),
        ("where can I get the mp4?", Export, &[]),
        ("speichere das fertige Video auf meinem Rechner", Export, &[]),
        ("how much can I still spend?", Credits, &[]),
        ("is it ready yet?", State, &[]),
        ("时间轴上都有什么", State, &[]),
        ("/home/kim/Downloads/export.mp4", Upload, &[]),
        ("take /data/a.mp4 and make it black and white", Upload, &[Edit]),
        ("export it to /data/out.mp4", Export, &[]),
        ("in the style of https://cdn.example.com/a.mp4", Edit, &[]),
        ("roll the end credits", Edit, &[]),
        ("the title should say “Export”", Edit, &[]),
        ("don't export yet, cut the intro", Edit, &[]),
        ("before exporting, cut the last three seconds", Edit, &[]),
        ("the exported version looks too dark", Edit, &[]),
        ("a man downloads a file", Edit, &[]),
        ("export it, but first trim the intro", Edit, &[Export]),
        ("show the tracks, then export", State, &[Export]),
        ("\"export\"", Export, &[]),
        ("which photo comes after the cake?", State, &[]),
        ("片尾有没有店铺电话", State, &[]),
        ("where is the sun? add one", Edit, &[]),
        ("what kind of videos are you good at?", Edit, &[]),
        ("am I still good for another video?", Credits, &[]),
        ("send me the video of the school fair", Export, &[]),
        ("make me a file I can post on my page", Export, &[]),
        ("my sister will do the download herself, brighten the end", Edit, &[]),
        ("我刚导出看了一遍，结尾加个淡出", Edit, &[]),
        ("积分够的话就导出来", Export, &[]),
        ("导出好了吗", State, &[]),
        ("Export once you've removed the blurry shot", Edit, &[Export]),
        ("I have a video of my kids dancing that I'd like to send you", Upload, &[]),
        ("", Edit, &[]),
        ("🎉", Edit, &[]),
    ];
    for (text, action, also) in cases {
        let route = route(text);
        assert_eq!((route.action, route.also.as_slice()), (*action, *also), "{text}: {:?}", route.reasons);
    }
}

#[test]
fn a_reason_points_at_the_words() {
    for text in ["please export it", "  \"export\" "] {
        let reason = route(text).reasons.remove(0);
        assert_eq!(text.get(reason.start..reason.end), Some("export"), "{reason:?}");
    }
}

#[derive(Deserialize)]
struct Item {
    text: String,
    action: Intent,
    #[serde(default)]
    also: Vec<Intent>,
    hard: bool,
}

struct Score {
    all: f64,
    hard: f64,
    also: f64,
    confusion: BTreeMap<String, usize>,
}

impl Score {
    /// The bars are below the measured values (docs/understanding.md) and above what was promised.
    fn reaches(&self, all: f64, hard: f64, also: f64) {
        let is_good = self.all >= all && self.hard >= hard && self.also >= also;
        assert!(is_good, "{} {} {} {:?}", self.all, self.hard, self.also, self.confusion);
    }
}

fn score(jsonl: &str) -> Score {
    let items: Vec<Item> = jsonl.lines().map(|l| serde_json::from_str(l).expect("an item")).collect();
    assert!(items.len() > 250);
    let (mut right, mut hard, mut hard_right, mut two, mut two_right) = (0, 0, 0, 0, 0);
    let mut confusion = BTreeMap::new();
    for item in &items {
        let route = route(&item.text);
        let ok = route.action == item.action;
        right += usize::from(ok);
        hard += usize::from(item.hard);
        hard_right += usize::from(item.hard && ok);
        if !item.also.is_empty() {
            two += 1;
            two_right += usize::from(route.also == item.also);
        }
        *confusion.entry(format!("{:?} read as {:?}", item.action, route.action)).or_default() += 1;
    }
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    Score {
        all: share(right, items.len()),
        hard: share(hard_right, hard),
        also: share(two_right, two),
        confusion,
    }
}

#[test]
fn accuracy_on_the_held_out_phrasings_does_not_fall() {
    score(include_str!("../../../data/understand/route.held.jsonl")).reaches(0.975, 0.97, 0.98);
}

/// Rounds of people who never saw the rules, with the share of second wishes that is found.
#[test]
fn accuracy_on_the_rounds_of_others_does_not_fall() {
    for (round, also) in [
        (include_str!("../../../data/understand/route.round_a.jsonl"), 0.9),
        (include_str!("../../../data/understand/route.round_b.jsonl"), 0.9),
        (include_str!("../../../data/understand/route.round_c.jsonl"), 0.9),
        (include_str!("../../../data/understand/route.round_t1.jsonl"), 0.75),
        (include_str!("../../../data/understand/route.round_t2.jsonl"), 0.7),
    ] {
        score(round).reaches(0.98, 0.98, also);
    }
}

/// The guess fills what the rules leave open, and leaves alone what they are sure of.
#[test]
fn a_guess_only_settles_doubt() {
    let open = "not sure whether the outro got replaced";
    assert_eq!((by_rules(open).action, route(open).action), (Edit, State));
    assert_eq!(route(open).reasons.first().map(|r| r.rule), Some("sounds like it"));
    for sure in ["how many credits are left?", "/home/kim/clip.mp4", "export it, then show the tracks"] {
        assert_eq!(by_rules(sure), route(sure), "{sure}");
    }
    for nothing in ["", "?!", "🎉", "12", "https://example.com"] {
        assert_eq!(by_rules(nothing), route(nothing), "{nothing}");
    }
}

#[test]
fn features_are_few_and_within_the_weights() {
    for text in ["", "export", "把视频发给我", &"añb 字\u{0}".repeat(20_000)] {
        let found = guess::features(text);
        assert!(found.len() < 4000 && found.windows(2).all(|w| w.first() < w.last()), "{}", found.len());
        assert!(found.iter().all(|&f| (f as usize) < guess::BUCKETS));
    }
    let size = include_bytes!("guess.bin").len();
    assert_eq!(size, 4 + guess::BUCKETS * guess::ACTIONS.len());
}

#[test]
fn accuracy_on_the_tuning_phrasings_does_not_fall() {
    score(include_str!("../../../data/understand/route.tune.jsonl")).reaches(0.985, 0.98, 0.97);
}

/// Work inside a clause may grow with the square of its length, so the length is bounded: the whole stays linear.
#[test]
fn a_clause_is_bounded_however_long_the_message() {
    for scrap in ["no ", "if the export ", "不要导出", "把", "a-", "/a/b.mp4 "] {
        let tokens = words::scan(&scrap.repeat(5000));
        let clauses = clause::clauses(&tokens);
        assert!(clauses.iter().all(|c| c.tokens.len() <= clause::LONGEST), "{scrap}");
        assert!(clauses.iter().map(|c| c.tokens.len()).sum::<usize>() <= tokens.len(), "{scrap}");
    }
}

/// Rounds that nothing was tuned on: what is promised of phrasings that nobody here has seen.
#[test]
fn the_promise_holds_on_untouched_rounds() {
    for round in [
        include_str!("../../../data/understand/route.round_d.jsonl"),
        include_str!("../../../data/understand/route.round_e.jsonl"),
    ] {
        score(round).reaches(0.95, 0.92, 0.0);
    }
}
