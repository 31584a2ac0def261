//! The length and the shape that a prompt asks for in words ("a 10-second vertical video"): to hold the result to them, and
//! to plan by, where a model knows only arguments.

use super::DURATION_S;

/// Units of time, and their seconds.
const UNITS: [(&str, f64); 12] = [
    ("seconds", 1.0),
    ("second", 1.0),
    ("secs", 1.0),
    ("sec", 1.0),
    ("s", 1.0),
    ("minutes", 60.0),
    ("minute", 60.0),
    ("mins", 60.0),
    ("min", 60.0),
    ("秒", 1.0),
    ("초", 1.0),
    ("分钟", 60.0),
];

/// What the whole is called. A "3-second title" is only a part of it.
const WHOLES: &str =
    "video clip film movie animation ad advert commercial spot reel teaser trailer loop long";
const WHOLES_JOINED: [&str; 10] =
    ["视频", "視頻", "影片", "短片", "动画", "動画", "ビデオ", "영상", "비디오", "广告"];

/// How many words may stand between the length and what it is the length of ("a 10-second slow cinematic clip").
const NEAR_WORDS: usize = 3;
/// The same in characters, where words are not set apart ("10秒钟的短视频").
const NEAR_CHARS: usize = 5;

/// Shapes that are written as a ratio.
const RATIOS: [&str; 7] = ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "4:5"];
/// The same in a word before or behind what the whole is called.
const SHAPES: [(&str, &str); 5] = [
    ("vertical", "9:16"),
    ("horizontal", "16:9"),
    ("widescreen", "16:9"),
    ("landscape", "16:9"),
    ("square", "1:1"),
];
/// Orders before "a 4-second fox": what follows them is the whole, whatever it is called.
const ORDERS: [&str; 8] = ["make", "create", "generate", "produce", "render", "animate", "film", "me"];

/// The length in seconds, if exactly one is asked for beyond doubt.
pub(super) fn duration_s(prompt: &str) -> Option<f64> {
    let text = prompt.to_lowercase();
    let mut found: Option<f64> = None;
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find(|c: char| c.is_ascii_digit()).map(|at| from + at) {
        let rest = text.get(start..)?;
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(length);
        from = start + length;
        // "1080p", "v2.5", "mp4": digits behind a letter are a name.
        let is_name = text.get(..start)?.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else { continue };
        let is_first = begins(text.get(..start)?);
        let Some(seconds) = unit(behind, is_first).filter(|_| !is_name).map(|unit| number * unit) else {
            continue;
        };
        match found {
            Some(other) if other != seconds => return None,
            _ => found = Some(seconds),
        }
    }
    found.filter(|seconds| DURATION_S.contains(seconds))
}

/// Whether a prompt only begins here: nothing but an order and an article stand before.
fn begins(before: &str) -> bool {
    let mut words = before.split_whitespace().peekable();
    while words.next_if(|word| ORDERS.contains(word)).is_some() {}
    words.next_if(|word| matches!(*word, "a" | "an" | "one")).is_some() && words.next().is_none()
}

/// The unit behind a number, when it is the length of the whole.
fn unit(behind: &str, is_first: bool) -> Option<f64> {
    let behind = behind.trim_start_matches([' ', '-', '\u{2010}', '\u{2011}']);
    UNITS.iter().find_map(|(name, seconds)| {
        let rest = behind.strip_prefix(name)?;
        let whole = if name.is_ascii() {
            // "A 4-second fox"; not "a 4 second, 30 second and 60 second cut".
            let opens =
                is_first && rest.starts_with(' ') && rest.trim_start().starts_with(char::is_alphabetic);
            !rest.starts_with(|c: char| c.is_alphanumeric()) && (opens || names_the_whole(rest))
        } else {
            let near: String = rest.chars().filter(|c| !c.is_whitespace()).take(NEAR_CHARS).collect();
            WHOLES_JOINED.iter().any(|whole| near.contains(whole))
        };
        whole.then_some(*seconds)
    })
}

fn names_the_whole(rest: &str) -> bool {
    // A new clause is about something else.
    let clause = rest.split(['.', ',', ';', ':', '!', '?', '\n']).next().unwrap_or_default();
    let mut words = clause.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.by_ref().take(NEAR_WORDS + 1).any(|word| {
        let one = word.strip_suffix('s').unwrap_or(word);
        WHOLES.split(' ').any(|whole| whole == one || whole == word)
    })
}

/// The shape as a ratio, if exactly one is asked for beyond doubt.
pub(super) fn aspect(prompt: &str) -> Option<&'static str> {
    let text = prompt.to_lowercase();
    let mut found = None;
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || ",;()[]!?".contains(c)).collect();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_end_matches(['.', ':']);
        let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
        let behind = words.get(at + 1).copied().unwrap_or_default();
        // "At 9:16 the train leaves": a time of day.
        let is_time = matches!(before, "at" | "by" | "until") || matches!(behind, "am" | "pm" | "o'clock");
        let ratio = RATIOS.iter().find(|ratio| **ratio == word && !is_time);
        let is_format = before == "in" || matches!(behind, "format" | "mode" | "orientation");
        let shape = SHAPES.iter().find(|(name, _)| {
            *name == word
                && (is_format || names_the_whole(&words.get(at + 1..).unwrap_or_default().join(" ")))
        });
        let shape = ratio.or(shape.map(|(_, ratio)| ratio));
        match (found, shape) {
            (Some(other), Some(shape)) if other != *shape => return None,
            (_, Some(shape)) => found = Some(*shape),
            (_, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_when_it_is_that_of_the_whole() {
        for (prompt, seconds) in [
            ("generate a 10-second video of a sunset over the ocean", Some(10.0)),
            ("a 7.5 second slow cinematic clip of rain", Some(7.5)),
            ("make a 15s reel, product on a table", Some(15.0)),
            ("a cat, 20 seconds long", Some(20.0)),
            ("A 1-minute film about bees", Some(60.0)),
            ("生成一个10秒的视频，海上日落", Some(10.0)),
            ("10秒钟的短视频", Some(10.0)),
            ("海の10秒動画", Some(10.0)),
            ("바다 위 석양 10초 영상", Some(10.0)),
            ("a 10-second video with a 3-second title card", Some(10.0)),
            ("A 4-second fox in the snow", Some(4.0)),
            ("make me a 6 second whale", Some(6.0)),
            ("a 4-second, 30-second and 60-second cut", None),
            ("a fox and a 4-second pause", None),
            ("a sunset", None),
            ("show the title for 3 seconds, then the sea", None),
            ("fade in over 2 seconds. A video of the sea", None),
            ("a 10-second clip and a 20-second clip", None),
            ("the last 2 seconds of the match in 1080p", None),
            ("a 4000-second video", None),
            ("mp4 5 s", None),
            ("a video in 4k", None),
        ] {
            assert_eq!(duration_s(prompt), seconds, "{prompt}");
        }
    }

    #[test]
    fn a_shape_counts_when_it_is_that_of_the_whole() {
        for (prompt, shape) in [
            ("a fox in vertical 9:16", Some("9:16")),
            ("a vertical video of a fox", Some("9:16")),
            ("a fox, 16:9.", Some("16:9")),
            ("rain in landscape format", Some("16:9")),
            ("a square clip of tiles", Some("1:1")),
            ("a 16:9 or a 9:16 video", None),
            ("a train that leaves at 9:16", None),
            ("9:16 pm on a station clock", None),
            ("a landscape with a square house", None),
            ("a vertical cliff", None),
        ] {
            assert_eq!(aspect(prompt), shape, "{prompt}");
        }
    }
}
