//! The table of channels: names, limits, captions, ways, marks.

use super::*;
use crate::model::delivery::Timing;

fn clip(duration_s: f64, width: u32, height: u32, bytes: u64) -> FileReport {
    FileReport {
        duration_s: Some(duration_s),
        width: Some(width),
        height: Some(height),
        bytes,
        ..FileReport::default()
    }
}

#[test]
fn channels_are_known_by_the_names_that_people_use() {
    for (words, network, account) in [
        ("tiktok", "tiktok", None),
        ("Reels", "instagram", None),
        ("instagram:brand", "instagram", Some("brand")),
        (" Twitter ", "x", None),
        ("youtube shorts:", "shorts", None),
    ] {
        let read = read(words).unwrap();
        assert_eq!((read.network.as_str(), read.account.as_deref()), (network, account), "{words}");
    }
    let error = read("tiktk").unwrap_err();
    assert!(error.next_step().unwrap().starts_with("Did you mean tiktok?"), "{error:?}");
    let error = read("myspace").unwrap_err();
    assert!(error.next_step().unwrap().starts_with("There are bluesky, "), "{error:?}");
}

#[test]
fn limits_are_held() {
    for (words, clip, misfit) in [
        ("shorts", clip(30.0, 1080, 1920, 9_000_000), None),
        ("shorts", clip(200.0, 1080, 1920, 9_000_000), Some("at most 180 s")),
        ("shorts", clip(30.0, 1920, 1080, 9_000_000), Some("it is 1920x1080")),
        ("x", clip(141.0, 1920, 1080, 9_000_000), Some("at most 140 s")),
        ("tiktok", clip(2.0, 1080, 1920, 9_000_000), Some("at least 3 s")),
        ("instagram", clip(30.0, 1080, 1920, 301_000_000), Some("301 MB")),
        ("youtube", clip(7_000.0, 1920, 1080, 9_000_000_000), None),
    ] {
        let channel = read(words).unwrap();
        let told = network(&channel).unwrap().check_file(&clip).err().map(|error| error.to_string());
        assert_eq!(told.is_some(), misfit.is_some(), "{words}: {told:?}");
        assert!(told.unwrap_or_default().contains(misfit.unwrap_or_default()), "{words}");
    }
}

#[test]
fn what_is_planned_is_held_to_the_same_limits() {
    let planned = |duration_s, aspect| Planned { duration_s, aspect };
    for (words, planned, misfit) in [
        ("shorts", planned(Some(30.0), Some((9, 16))), None),
        ("shorts", planned(Some(30.0), Some((16, 9))), Some("it is 16:9, and YouTube Shorts takes pictures")),
        ("shorts", planned(Some(181.0), None), Some("at most 180 s")),
        ("tiktok", planned(Some(2.0), None), Some("at least 3 s")),
        ("linkedin", planned(None, Some((9, 16))), None),
        ("tiktok", planned(None, None), None),
    ] {
        let channel = read(words).unwrap();
        let told = network(&channel).unwrap().check_plan(&planned).err().map(|error| error.to_string());
        assert_eq!(told.is_some(), misfit.is_some(), "{words}: {told:?}");
        assert!(told.unwrap_or_default().contains(misfit.unwrap_or_default()), "{words}");
    }
}

#[test]
fn captions_are_counted_as_each_network_counts() {
    let tags = |many: usize| (1..=many).map(|n| format!("#tag{n} ")).collect::<String>();
    let url = format!("https://example.com/{}", "a".repeat(300));
    for (words, fits, too_much) in [
        // Letters of Europe count one at X, those of East Asia and emoji two, an address 23.
        ("x", "é".repeat(280), "é".repeat(281)),
        ("x", "水".repeat(140), "水".repeat(141)),
        ("x", "🌊".repeat(140), "🌊".repeat(141)),
        ("x", format!("{} {url}", "a".repeat(256)), format!("{} {url}", "a".repeat(257))),
        ("x", format!("{} {url},", "a".repeat(255)), format!("{} {url},", "a".repeat(256))),
        ("x", format!("{url}{}", "水".repeat(128)), format!("{url}{}", "水".repeat(129))),
        ("x", format!("{} a.com", "a".repeat(256)), format!("{} a.com", "a".repeat(257))),
        // UTF-16.
        ("tiktok", "🌊".repeat(1100), "🌊".repeat(1101)),
        // Bytes.
        ("youtube", "я".repeat(2500), "я".repeat(2501)),
        ("shorts", "a".repeat(5000), "a".repeat(5001)),
        // An emoji by its bytes.
        ("threads", "🌊".repeat(125), "🌊".repeat(126)),
        ("threads", "я".repeat(500), "я".repeat(501)),
        ("instagram", "🌊".repeat(2200), "🌊".repeat(2201)),
        ("instagram", tags(30), tags(31)),
        ("youtube", "1 > 0".replace('>', "and"), "1 > 0".to_owned()),
        ("bluesky", "я".repeat(300), "я".repeat(301)),
    ] {
        let channel = read(words).unwrap();
        let network = network(&channel).unwrap();
        assert!(network.check_caption(&fits).is_ok(), "{words}: {fits}");
        let error = network.check_caption(&too_much).unwrap_err();
        assert!(error.message().ends_with("Nothing was sent."), "{words}: {error}");
    }
}

#[test]
fn what_cannot_be_posted_through_a_scheduler_is_told() {
    for (words, scheduler, can) in [
        ("pinterest", Scheduler::Buffer, false),
        ("pinterest", Scheduler::Ayrshare, false),
        ("pinterest", Scheduler::Postiz, false),
        ("pinterest", Scheduler::Hook, true),
        ("x", Scheduler::Ayrshare, false),
        ("x", Scheduler::Buffer, true),
        ("tiktok", Scheduler::Ayrshare, true),
    ] {
        let channel = read(words).unwrap();
        let told = network(&channel).unwrap().check_way(scheduler);
        assert_eq!(told.is_ok(), can, "{words} through {}", scheduler.name());
        if let Err(error) = told {
            assert!(error.next_step().unwrap().contains("hook"), "{error:?}");
        }
    }
    for (name, network) in table().unwrap() {
        for scheduler in network.not_through.keys() {
            assert!(Scheduler::from_name(scheduler).is_some(), "{name} names {scheduler}");
        }
    }
}

/// The hook's message says it of every post.
#[test]
fn a_post_is_marked_as_made_by_ai_where_there_is_a_field_for_it() {
    // Where we know of no such field, nothing is claimed.
    let without = [
        ("buffer", vec!["bluesky", "facebook", "linkedin", "threads"]),
        ("ayrshare", vec!["bluesky", "facebook", "linkedin", "threads"]),
        ("postiz", vec!["bluesky", "facebook", "instagram", "linkedin", "shorts", "threads", "youtube"]),
    ];
    for (scheduler, without) in without {
        let scheduler = Scheduler::from_name(scheduler).unwrap();
        for (name, network) in table().unwrap() {
            if network.check_way(scheduler).is_err() {
                continue;
            }
            let message = Message {
                key: String::new(),
                channel: read(name).unwrap(),
                caption: String::new(),
                title: "A lake".to_owned(),
                timing: Timing::Draft,
                media_url: "https://cdn.example.com/a.mp4".parse().unwrap(),
                file: FileReport::default(),
                sha256: String::new(),
                asked_at_ms: 0,
            };
            let options = network.options(scheduler, &message).unwrap_or_default().to_string();
            let marks = [
                "isAiGenerated\":true",
                "isAIGenerated\":true",
                "SyntheticMedia\":true",
                "made_with_ai\":true",
            ];
            let marked = marks.iter().any(|mark| options.contains(mark));
            assert_eq!(
                marked,
                !without.contains(&name.as_str()),
                "{name} through {}: {options}",
                scheduler.name()
            );
        }
    }
}

#[test]
fn every_number_has_a_source_and_a_date() {
    for (name, network) in table().unwrap() {
        assert!(network.source.len() > 8 && network.as_of.len() == 7, "{name}");
    }
}
