//! How long a caption is: each network counts in its own way.

use serde::Deserialize;

/// An address at X, however long it is (X developer documentation, Counting characters).
const X_ADDRESS: usize = 23;

/// What captions are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    /// Unicode characters. Where a network counts what people see as one sign, joined emoji count for more here.
    #[default]
    Chars,
    /// UTF-16 units: most emoji are two.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
    /// X' own weights: an address 23; emoji and East Asian letters two.
    X,
    /// Threads' own: an emoji counts as its bytes.
    Threads,
}

impl Unit {
    /// How many there are.
    pub(super) fn count(self, caption: &str) -> usize {
        match self {
            Self::Chars => caption.chars().count(),
            Self::Utf16 => caption.encode_utf16().count(),
            Self::Bytes => caption.len(),
            Self::X => caption.split_inclusive(char::is_whitespace).map(x_word).sum(),
            Self::Threads => {
                caption.chars().map(|sign| if is_emoji(sign) { sign.len_utf8() } else { 1 }).sum()
            }
        }
    }

    /// What they are, for people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Chars => "characters",
            Self::Utf16 => "characters (most emoji count two)",
            Self::Bytes => "bytes (letters beyond a to z have two to four)",
            Self::X => "characters as X counts (an address 23, emoji and East Asian letters two)",
            Self::Threads => "characters as Threads counts (an emoji as its bytes)",
        }
    }
}

/// Words that begin with `#`.
pub(super) fn hashtags(caption: &str) -> usize {
    let after = caption.split('#').skip(1);
    after.filter(|rest| rest.chars().next().is_some_and(|sign| sign.is_alphanumeric() || sign == '_')).count()
}

/// A word and the blank after it.
fn x_word(word: &str) -> usize {
    let at = ["https://", "http://"].iter().filter_map(|scheme| word.find(scheme)).min();
    let Some((before, address)) = at.and_then(|at| word.split_at_checked(at)) else {
        let weight = x_weight(word);
        // An address without its beginning is one too.
        return if is_host(word.trim()) {
            weight.max(X_ADDRESS + word.len() - word.trim_end().len())
        } else {
            weight
        };
    };
    let end = address.find(|sign: char| !sign.is_ascii_graphic()).unwrap_or(address.len());
    let (address, after) = address.split_at_checked(end).unwrap_or((address, ""));
    let bare = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'']);
    x_weight(before) + X_ADDRESS + (address.len() - bare.len()) + x_weight(after)
}

/// `example.com`, as far as that can be told without a list of all endings.
fn is_host(word: &str) -> bool {
    let host = word.split('/').next().unwrap_or_default();
    host.rsplit_once('.').is_some_and(|(name, end)| {
        !name.is_empty() && end.len() >= 2 && end.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

/// The weights of X' counting rules, version 3.
fn x_weight(text: &str) -> usize {
    let light = |sign: char| matches!(u32::from(sign), 0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247);
    text.chars().map(|sign| if light(sign) { 1 } else { 2 }).sum()
}

/// Pictographs, and the signs that join and colour them.
fn is_emoji(sign: char) -> bool {
    matches!(u32::from(sign), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0xFE0F | 0x200D)
}
