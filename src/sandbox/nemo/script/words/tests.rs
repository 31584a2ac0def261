//! Times, ranges, ordinals and quotations.

use super::Message;

#[test]
fn times() {
    for (text, want) in [
        ("a 10-second video", vec![10_000]),
        ("ten seconds", vec![10_000]),
        ("7.5s and 2 min", vec![7_500, 120_000]),
        ("half a minute", vec![30_000]),
        ("生成一个十五秒的视频", vec![15_000]),
        ("半分钟", vec![30_000]),
        ("two cats in 4k", vec![]),
        ("10 strong men", vec![]),
        ("第3秒", vec![3_000]),
    ] {
        assert_eq!(Message::new(text).times_ms(), want, "{text}");
    }
}

#[test]
fn ranges_factors_percents_and_ordinals() {
    assert_eq!(Message::new("from 2 to 5 seconds").range_ms(), Some((2000, 5000)));
    assert_eq!(Message::new("cut 2s-4.5s").range_ms(), Some((2000, 4500)));
    assert_eq!(Message::new("第二到四秒").range_ms(), Some((2000, 4000)));
    assert_eq!(Message::new("at 35 %").percent(), Some(0.35));
    assert_eq!(Message::new("百分之四十").percent(), Some(0.4));
    assert_eq!(Message::new("speed up 1.5x").factor(), Some(1.5));
    assert_eq!(Message::new("swap the first and the last clip").ordinals(), [0, usize::MAX]);
    assert_eq!(Message::new("trim the first 5 seconds").ordinals(), [0_usize; 0]);
    assert_eq!(Message::new("删除第2个片段").ordinals(), [1]);
}

#[test]
fn quotes_stay_whole() {
    let message = Message::new("add a title \"Trim and cut, then go\" and mute the music");
    assert_eq!(message.quotes, ["Trim and cut, then go"]);
    let clauses = message.clauses();
    assert_eq!(clauses.len(), 2);
    assert_eq!(clauses[0].quotes.len(), 1);
    assert_eq!(clauses[1].text, "mute the music");
    assert_eq!(Message::new("don't say 'hi there'").quotes, ["hi there"]);
    assert_eq!(Message::new("标题改成《晨光》").quotes, ["晨光"]);
}
