//! Messages as people write them, and what the agent takes them for.

use serde_json::json;

use super::super::rows::Project;
use super::op::Op;
use super::read::{Intent, Refused, intent};
use super::words::Message;

/// A project with a 10 s clip, an uploaded film and an uploaded song.
fn project() -> Project {
    let file = |name: &str, kind: &str| json!({ "filename": name, "file_type": kind, "cdn_url": format!("sandbox:/cdn/media/x/{name}"), "duration": 5.0 });
    let mut project = Project {
        video_infos: vec![file("a.mp4", "video"), file("b.mp3", "audio")],
        draft: None,
        canvas_config: json!({}),
        video_analyses: json!({}),
        generated_media: Vec::new(),
    };
    let clip = Op::Generate {
        prompt: "lake".to_owned(),
        ms: 10_000,
        width: 1920,
        height: 1080,
        append: false,
        picture: None,
    };
    clip.apply(&mut project, false).unwrap();
    project
}

fn ops(text: &str) -> Vec<Op> {
    match intent(&Message::new(text), &project()) {
        Intent::Edit(ops) => ops,
        other => panic!("{text}: {other:?}"),
    }
}

fn music(style: &str, volume: f64) -> Op {
    Op::AddMusic { style: style.to_owned(), volume, url: None }
}

fn words(text: &str, role: &'static str, position: &'static str, from: u64, to: Option<u64>) -> Op {
    Op::AddText { text: text.to_owned(), role, position, from, to, color: None }
}

#[test]
fn edits() {
    use super::super::draft::{AUDIO, VIDEO};
    for (text, want) in [
        ("add lo-fi background music at 30%", vec![music("Lo-fi", 0.3)]),
        ("先别导出，把音乐换成钢琴", vec![music("Piano", 0.35)]),
        ("turn the music down to 20 percent", vec![Op::Volume { track: AUDIO, to: Some(0.2), by: -0.2 }]),
        ("make the music a bit quieter", vec![Op::Volume { track: AUDIO, to: None, by: -0.2 }]),
        ("mute the original sound, then show me the status", vec![Op::Mute { track: VIDEO, on: true }]),
        ("get rid of the music", vec![Op::RemoveTrack { track: AUDIO }]),
        ("trim the intro by two seconds", vec![Op::CutRange { from: 0, to: 2000 }]),
        ("Trim three seconds off the end and export it", vec![Op::CutEnd { ms: 3000 }]),
        ("cut from 2 to 4 seconds", vec![Op::CutRange { from: 2000, to: 4000 }]),
        ("keep only 3s-8s", vec![Op::KeepRange { from: 3000, to: 8000 }]),
        ("把开头两秒剪掉", vec![Op::CutRange { from: 0, to: 2000 }]),
        ("剪到5秒", vec![Op::KeepRange { from: 0, to: 5000 }]),
        (
            "Put a title \"Urban Dreams\" in the first three seconds",
            vec![words("Urban Dreams", "title", "center", 0, Some(3000))],
        ),
        ("add a title that says Hello World", vec![words("Hello World", "title", "center", 0, None)]),
        ("加个字幕：夏天的风", vec![words("夏天的风", "subtitle", "bottom", 0, None)]),
        ("标题写“立即导出你的作品”", vec![words("立即导出你的作品", "title", "center", 0, None)]),
        ("delete the text \"Hello\"", vec![Op::RemoveText { which: Some("Hello".to_owned()) }]),
        (
            "replace the title \"Old\" with \"New\"",
            vec![Op::ReplaceText { old: Some("Old".to_owned()), new: "New".to_owned() }],
        ),
        ("speed up the video 2x", vec![Op::Speed { factor: 2.0 }]),
        ("slow motion please", vec![Op::Speed { factor: 0.5 }]),
        ("split it at 4 seconds", vec![Op::Split { at: Some(4000) }]),
        (
            "the clip I uploaded earlier is too dark, brighten it",
            vec![Op::Look { look: "bright".to_owned() }],
        ),
        ("整体调亮一点", vec![Op::Look { look: "bright".to_owned() }]),
        ("no need to download anything, just swap the two clips", vec![Op::Reorder { order: vec![0, 1] }]),
        ("add my uploaded clip", vec![Op::PlaceUploads { each_ms: None, only: vec![], fresh: false }]),
        ("delete track 2", vec![Op::RemoveTrackNumber { number: 1 }]),
        ("undo that", vec![Op::Undo]),
        (
            "make it look like an old VHS tape",
            vec![Op::Note { note: "make it look like an old VHS tape".to_owned() }],
        ),
        ("把第三段镜头倒放", vec![Op::Note { note: "把第三段镜头倒放".to_owned() }]),
        (
            "trim to 5 seconds, then add jazz music and mute the video",
            vec![
                Op::KeepRange { from: 0, to: 5000 },
                music("Jazz", 0.35),
                Op::Mute { track: VIDEO, on: true },
            ],
        ),
    ] {
        assert_eq!(ops(text), want, "{text}");
    }
}

#[test]
fn files_are_called_by_their_names() {
    let place = |fresh| Op::PlaceUploads { each_ms: None, only: vec!["a.mp4".to_owned()], fresh };
    assert_eq!(ops("now A.mp4: trim it to 3 seconds"), [place(true), Op::KeepRange { from: 0, to: 3000 }]);
    assert_eq!(ops("take \"a.mp4\""), [place(true)]);
    assert_eq!(ops("append a.mp4 to the end"), [place(false)]);
    let replaced = Op::ReplaceClip { number: 0, file: Some("a.mp4".to_owned()) };
    assert_eq!(ops("replace the first clip with a.mp4"), [replaced]);
}

#[test]
fn own_music_is_taken_from_the_uploads() {
    let want = Op::AddMusic {
        style: "Uploaded".to_owned(),
        volume: 0.35,
        url: Some("sandbox:/cdn/media/x/b.mp3".to_owned()),
    };
    assert_eq!(ops("put my uploaded music under it"), [want]);
}

#[test]
fn clips_to_generate() {
    for (text, prompt, length, canvas) in [
        ("Make a 6s clip of a red fox in fresh snow", "red fox in fresh snow", 6000, (1920, 1080)),
        ("生成一个10秒的海边日落视频", "海边日落", 10_000, (1920, 1080)),
        ("create a 20 second vertical 540p video about tea", "tea", 20_000, (540, 960)),
        ("i need a square 4:5 video of shoes", "shoes", 10_000, (1080, 1080)),
        ("generate a 21:9 film of dunes", "dunes", 10_000, (1920, 822)),
        ("generate a 10 minute video of rain", "rain", 120_000, (1920, 1080)),
    ] {
        let Intent::Generate { op, .. } = intent(&Message::new(text), &project()) else { panic!("{text}") };
        let Op::Generate { prompt: got, ms, width, height, .. } = op else { panic!("{text}") };
        assert_eq!((got.as_str(), ms, (width, height)), (prompt, length, canvas), "{text}");
    }
}

#[test]
fn what_is_answered_or_refused() {
    for (text, want) in [
        ("how long is my video?", Intent::Ask),
        ("现在时间线上有什么", Intent::Ask),
        ("make the video vertical", Intent::Refuse(Refused::Aspect)),
        ("use https://www.youtube.com/watch?v=abc as music", Intent::Refuse(Refused::Link)),
        ("what is the weather in Paris?", Intent::Refuse(Refused::OffTopic)),
        ("write me a poem", Intent::Refuse(Refused::OffTopic)),
        ("hi there", Intent::Refuse(Refused::Unclear)),
        ("  ", Intent::Refuse(Refused::Empty)),
    ] {
        assert_eq!(intent(&Message::new(text), &project()), want, "{text}");
    }
}

#[test]
fn an_empty_project_takes_a_description_for_a_wish() {
    let empty = Project { draft: None, video_infos: Vec::new(), ..project() };
    for text in ["two cats dancing in the rain", "雨の渋谷を歩く猫の動画を8秒で作って"] {
        assert!(matches!(intent(&Message::new(text), &empty), Intent::Generate { .. }), "{text}");
    }
}
