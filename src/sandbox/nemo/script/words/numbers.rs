//! Numbers in a text, in digits and words, with the unit of time behind them.

use super::all_words;

/// A number in a text, and the unit of time after it.
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where its unit ends; the number's own end when it has none.
    pub(super) unit_end: usize,
    pub(super) value: f64,
    pub(super) unit_ms: Option<f64>,
}

impl Number {
    pub(super) fn as_ms(&self) -> Option<u64> {
        Some((self.value * self.unit_ms?).round() as u64)
    }
}

const NUMBER_WORDS: [(&str, f64); 24] = [
    ("half a", 0.5),
    ("a half", 0.5),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("fifteen", 15.0),
    ("twenty", 20.0),
    ("twenty-five", 25.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("forty-five", 45.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("ninety", 90.0),
    ("半", 0.5),
];

const UNITS: [(&str, f64); 16] = [
    ("milliseconds", 1.0),
    ("ms", 1.0),
    ("毫秒", 1.0),
    ("seconds", 1e3),
    ("second", 1e3),
    ("secs", 1e3),
    ("sec", 1e3),
    ("s", 1e3),
    ("秒钟", 1e3),
    ("秒", 1e3),
    ("minutes", 6e4),
    ("minute", 6e4),
    ("mins", 6e4),
    ("min", 6e4),
    ("分钟", 6e4),
    ("分", 6e4),
];

/// Every number, in digits or words, in text order.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if letter.is_ascii_digit() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let fraction = rest[digits..].strip_prefix('.').map_or(0, |tail| {
                let more = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                if more > 0 { more + 1 } else { 0 }
            });
            let value = rest[..digits + fraction].parse().unwrap_or(0.0);
            found.push((at, at + digits + fraction, value));
            digits + fraction
        } else if chinese_digit(letter).is_some() {
            let end = rest.find(|c| chinese_digit(c).is_none()).unwrap_or(rest.len());
            found.push((at, at + end, chinese_number(&rest[..end])));
            end
        } else {
            letter.len_utf8()
        };
        at += length.max(1);
    }
    for (word, value) in NUMBER_WORDS {
        found.extend(all_words(text, word).map(|(start, end)| (start, end, value)));
    }
    found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    found.dedup_by(|next, earlier| next.0 < earlier.1);
    let unit = |end: usize| {
        let rest = text[end..].trim_start_matches([' ', '-', '个']);
        let from = text.len() - rest.len();
        UNITS.iter().find_map(|(unit, ms)| {
            let after = rest.strip_prefix(unit)?.chars().next();
            let whole = !unit.is_ascii() || !after.is_some_and(|next| next.is_ascii_alphanumeric());
            whole.then_some((*ms, from + unit.len()))
        })
    };
    let with_unit = |(start, end, value)| {
        let unit = unit(end);
        Number { start, end, unit_end: unit.map_or(end, |it| it.1), value, unit_ms: unit.map(|it| it.0) }
    };
    found.into_iter().map(with_unit).collect()
}

fn chinese_digit(letter: char) -> Option<u32> {
    Some(match letter {
        '零' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        _ => return None,
    })
}

fn chinese_number(text: &str) -> f64 {
    let (tens, ones) = text
        .split_once('十')
        .map_or(("", text), |(tens, ones)| (if tens.is_empty() { "一" } else { tens }, ones));
    let value = |text: &str| text.chars().filter_map(chinese_digit).fold(0, |sum, digit| sum * 10 + digit);
    f64::from(value(tens) * 10 + value(ones))
}
