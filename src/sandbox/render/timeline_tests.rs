use serde_json::json;

use super::*;

#[test]
fn the_reference_draft_is_understood() {
    let draft = json!({"d":10000,"m":{"title":"Urban Dreams","width":1920,"height":1080,"fps":30},
     "t":[
      {"tt":0,"sg":[{"id":"seg_v1","s":0,"d":10000,"m":{"title":"city timelapse","url":"https://cdn.example.test/gen/seg_v1.mp4"}}]},
      {"tt":1,"sg":[{"id":"seg_a1","s":0,"d":10000,"m":{"title":"Lo-fi","volume":0.35,"url":"https://cdn.example.test/bgm/lofi.mp3"}}]},
      {"tt":7,"sg":[{"id":"seg_t1","s":0,"d":3000,"m":{"text":"Urban Dreams"}}]}]});
    let timeline = Timeline::of(&draft).unwrap();
    assert_eq!((timeline.duration_ms, timeline.title.as_str()), (10_000, "Urban Dreams"));
    assert_eq!(timeline.pictures[0][0].title, "city timelapse");
    assert_eq!(timeline.pictures[0][0].sources, ["https://cdn.example.test/gen/seg_v1.mp4"]);
    assert_eq!(timeline.sounds[0].volume, 0.35);
    assert_eq!(timeline.texts[0].text.as_deref(), Some("Urban Dreams"));
    assert_eq!((timeline.texts[0].start_ms, timeline.texts[0].end_ms), (0, 3000));
}

#[test]
fn other_spellings_and_odd_values_are_understood() {
    let first = |segment: Value| {
        let draft = json!({"t":[{"tt":"0","sg":[segment]}]});
        Timeline::of(&draft).unwrap().pictures.remove(0).remove(0)
    };
    assert_eq!(first(json!({"st":"500","d":"1000"})).end_ms, 1500);
    assert_eq!(first(json!({"start":200,"end":700})).end_ms, 700);
    assert_eq!(first(json!({"d":1,"m":{"volume":"40%"}})).volume, 0.4);
    assert_eq!(first(json!({"d":1,"m":{"volume":150}})).volume, 1.5);
    assert_eq!(first(json!({"d":1,"m":{"volume":-3}})).volume, 0.0);
    assert_eq!(first(json!({"d":1,"m":{"mute":true}})).volume, 0.0);
    assert_eq!(first(json!({"d":1,"m":{"position":"top-left"}})).place, Some(Place::Top));
    assert_eq!(first(json!({"d":1,"m":{"color":"#f80"}})).colour, Some(0xff8800));
    assert_eq!(first(json!({"d":1,"m":{"color":"#éa0"}})).colour, None);
    assert_eq!(first(json!({"s":-50,"d":1})).start_ms, 0);
}

#[test]
fn segments_without_start_follow_each_other() {
    let draft = json!({"t":[{"tt":0,"sg":[{"d":1000},{"d":0},{"d":500},{"s":4000,"d":1}]}]});
    let timeline = Timeline::of(&draft).unwrap();
    let times: Vec<_> =
        timeline.pictures[0].iter().map(|segment| (segment.start_ms, segment.end_ms)).collect();
    assert_eq!(times, [(0, 1000), (1000, 1500), (4000, 4001)]);
    assert_eq!(
        timeline.duration_ms, 4001,
        "without a length of its own the draft ends with its last segment"
    );
}

#[test]
fn drafts_that_make_no_video_are_refused() {
    let table = [
        (json!({}), "no video, audio or text"),
        (json!(null), "no video, audio or text"),
        (json!([1, 2]), "no video, audio or text"),
        (json!({"d":5000,"t":[]}), "no video, audio or text"),
        (json!({"t":[{"tt":0,"sg":[]}]}), "no video, audio or text"),
        (json!({"t":[{"tt":0,"sg":[{"d":0}]}]}), "no video, audio or text"),
        (json!({"t":[{"tt":42,"sg":[{"d":1000}]}]}), "no video, audio or text"),
        (json!({"t":[{"tt":0,"sg":[{"d":1e300}]}]}), "at most 600 s"),
        (json!({"d":700_000,"t":[{"tt":0,"sg":[{"d":1}]}]}), "at most 600 s"),
        (json!({"t":[{"tt":0,"sg":[{"d":1,"m":{"speed":0}}]}]}), "speed 0"),
        (json!({"t":[{"tt":0,"sg":vec![json!({"d":1});2001]}]}), "2001 segments"),
    ];
    for (draft, expected) in table {
        let error = Timeline::of(&draft).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
