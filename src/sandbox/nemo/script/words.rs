//! Finding numbers, times, quotes and words in what a person wrote, in English and Chinese.

/// A message, taken apart once.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// As written, each quotation replaced by a mark.
    pub(super) text: String,
    /// The same in ASCII lower case; byte for byte as long as `text`.
    pub(super) lower: String,
    /// What stood in quotes.
    pub(super) quotes: Vec<String>,
}

/// Stands where a quotation was.
const MARK: char = '\u{1}';

const QUOTES: [(char, char); 8] =
    [('"', '"'), ('“', '”'), ('„', '“'), ('「', '」'), ('『', '』'), ('《', '》'), ('«', '»'), ('‘', '’')];

impl Message {
    pub(super) fn new(given: &str) -> Self {
        let mut text = String::new();
        let mut quotes = Vec::new();
        let mut rest = given.trim();
        while let Some(letter) = rest.chars().next() {
            let after = &rest[letter.len_utf8()..];
            let single = letter == '\'' && text.chars().last().is_none_or(|before| !before.is_alphanumeric());
            let close = if single { Some('\'') } else { pair_of(letter) };
            let end = close.and_then(|close| Some((after.find(close)?, close)));
            match end {
                Some((end, close)) if end > 0 => {
                    quotes.push(after[..end].trim().to_owned());
                    text.push(MARK);
                    rest = &after[end + close.len_utf8()..];
                }
                _ => {
                    text.push(letter);
                    rest = after;
                }
            }
        }
        Self { lower: text.to_ascii_lowercase(), text, quotes }
    }

    /// Clauses that may each be an instruction. Quotations go with the clause they stand in.
    pub(super) fn clauses(&self) -> Vec<Self> {
        let mut cuts = Vec::new();
        for (mark, alone) in [
            ("; ", true),
            ("；", true),
            (". ", true),
            ("。", true),
            ("，", true),
            (", ", false),
            (" then ", true),
            ("然后", true),
            ("并且", true),
            (" and ", false),
            ("并", true),
            ("再", false),
        ] {
            for (at, _) in self.lower.match_indices(mark) {
                let after = self.lower[at + mark.len()..].trim_start();
                if alone || EDIT_VERBS.iter().any(|verb| after.starts_with(verb)) {
                    cuts.push((at, at + mark.len()));
                }
            }
        }
        cuts.sort_unstable();
        let mut clauses = Vec::new();
        let (mut from, mut used) = (0, 0);
        for (end, next) in cuts.into_iter().chain([(self.text.len(), self.text.len())]) {
            if end < from {
                continue;
            }
            let text = self.text[from..end].trim().to_owned();
            let marks = text.matches(MARK).count();
            let quotes = self.quotes.iter().skip(used).take(marks).cloned().collect();
            used += marks;
            from = next;
            if !text.is_empty() {
                clauses.push(Self { lower: text.to_ascii_lowercase(), text, quotes });
            }
        }
        clauses
    }

    /// Whether one of these occurs: Latin words as whole words, others anywhere.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.find(words).is_some()
    }

    /// Where the first of these (in text order) begins and ends.
    pub(super) fn find(&self, words: &[&str]) -> Option<(usize, usize)> {
        words.iter().filter_map(|word| find_word(&self.lower, word)).min()
    }

    /// Whether it begins with one of these words.
    pub(super) fn begins(&self, words: &[&str]) -> bool {
        words.iter().any(|word| find_word(&self.lower, word).is_some_and(|(at, _)| at == 0))
    }

    /// With quotations put back, for a prompt.
    pub(super) fn whole(&self) -> String {
        let mut quotes = self.quotes.iter();
        self.text.chars().fold(String::new(), |mut whole, letter| {
            match (letter, letter == MARK) {
                (_, true) => whole.push_str(&format!("\"{}\"", quotes.next().map_or("", String::as_str))),
                (letter, false) => whole.push(letter),
            }
            whole
        })
    }

    /// The same without these words, whatever their case.
    pub(super) fn without(&self, words: &[String]) -> Self {
        let mut whole = self.whole();
        for word in words {
            while let Some(at) = whole.to_ascii_lowercase().find(&word.to_ascii_lowercase()) {
                whole.replace_range(at..at + word.len(), "");
            }
        }
        Self::new(&whole)
    }

    pub(super) fn is_chinese(&self) -> bool {
        self.text.chars().chain(self.quotes.iter().flat_map(|quote| quote.chars())).any(is_cjk)
    }

    /// Times with a unit, in ms, in text order.
    pub(super) fn times_ms(&self) -> Vec<u64> {
        numbers(&self.lower).into_iter().filter_map(|number| number.as_ms()).collect()
    }

    /// "from 2 to 5 seconds", "2-5s", "第2到5秒", in ms.
    pub(super) fn range_ms(&self) -> Option<(u64, u64)> {
        let found = numbers(&self.lower);
        found.windows(2).find_map(|pair| {
            let [first, second] = pair else { return None };
            let between = self.lower.get(first.unit_end..second.start)?.trim();
            let joined = matches!(between, "-" | "–" | "—" | "~" | "to" | "until" | "and" | "到" | "至");
            let unit = second.unit_ms?;
            let (from, to) = (first.value * first.unit_ms.unwrap_or(unit), second.value * unit);
            (joined && from < to).then(|| (from.round() as u64, to.round() as u64))
        })
    }

    /// "35%", "35 percent", "百分之35", as a factor.
    pub(super) fn percent(&self) -> Option<f64> {
        numbers(&self.lower).into_iter().find_map(|number| {
            let after = self.lower.get(number.end..)?.trim_start();
            let before = self.lower.get(..number.start)?;
            let is = after.starts_with(['%', '％'])
                || after.starts_with("percent")
                || after.starts_with("per cent")
                || before.ends_with("百分之");
            is.then_some(number.value / 100.0)
        })
    }

    /// "2x", "1.5 times", "2倍", as a factor.
    pub(super) fn factor(&self) -> Option<f64> {
        numbers(&self.lower).into_iter().find_map(|number| {
            let after = self.lower.get(number.end..)?.trim_start();
            ["x", "×", "times", "倍"].iter().any(|unit| after.starts_with(unit)).then_some(number.value)
        })
    }

    /// "clip 2", "second clip", "第二个", "last"; counted from 0, `usize::MAX` for the last.
    pub(super) fn ordinals(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for (number, words) in [
            ("first", 0),
            ("second", 1),
            ("third", 2),
            ("fourth", 3),
            ("fifth", 4),
            ("last", usize::MAX),
            ("最后", usize::MAX),
        ] {
            for (at, end) in all_words(&self.lower, number) {
                // "the first 5 seconds" counts no clips, nor does "2 second"
                let measures = self.lower[end..].trim_start().starts_with(|next: char| next.is_ascii_digit())
                    || self.lower[..at]
                        .trim_end()
                        .ends_with(|before: char| before.is_ascii_digit() || before == '-');
                if !measures {
                    found.push((at, words));
                }
            }
        }
        for number in numbers(&self.lower) {
            let before = self.lower[..number.start].trim_end_matches([' ', '#']);
            let counts = ["clip", "track", "video", "scene", "第", "片段", "轨道"]
                .iter()
                .any(|word| before.ends_with(word));
            if counts && number.unit_ms.is_none() && number.value >= 1.0 {
                found.push((number.start, number.value as usize - 1));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// What follows one of these words, up to the end of the clause, as written.
    pub(super) fn after(&self, words: &[&str]) -> Option<&str> {
        let (_, end) = self.find(words)?;
        let rest = self.text.get(end..)?.trim_matches([' ', ':', '：', ',', '.', '。', '!', '！', '?', '？']);
        (!rest.is_empty() && !rest.contains(MARK)).then_some(rest)
    }
}

/// What an instruction begins with; " and " is a border only before one of these.
const EDIT_VERBS: [&str; 26] = [
    "add ", "remove ", "delete ", "trim", "cut ", "make ", "set ", "put ", "mute", "speed", "slow", "fade",
    "change ", "replace ", "lower ", "raise ", "turn ", "split", "reverse", "swap", "apply", "use ", "添加",
    "加", "删", "把",
];

fn pair_of(open: char) -> Option<char> {
    QUOTES.iter().find(|(begin, _)| *begin == open).map(|(_, end)| *end)
}

pub(super) fn is_cjk(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn find_word(text: &str, word: &str) -> Option<(usize, usize)> {
    all_words(text, word).next()
}

fn all_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    text.match_indices(word).map(|(at, found)| (at, at + found.len())).filter(move |(at, end)| {
        let latin = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        let whole_before = !latin(word.chars().next()) || !latin(text[..*at].chars().last());
        let whole_after = !latin(word.chars().last()) || !latin(text[*end..].chars().next());
        whole_before && whole_after
    })
}

/// A number in a text, and the unit of time after it.
struct Number {
    start: usize,
    end: usize,
    /// Where its unit ends; the number's own end when it has none.
    unit_end: usize,
    value: f64,
    unit_ms: Option<f64>,
}

impl Number {
    fn as_ms(&self) -> Option<u64> {
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
fn numbers(text: &str) -> Vec<Number> {
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

#[cfg(test)]
mod tests {
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
}
