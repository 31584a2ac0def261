//! Finding numbers, times, quotes and words in what a person wrote, in English and Chinese.

mod numbers;
#[cfg(test)]
mod tests;

use self::numbers::numbers;

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
