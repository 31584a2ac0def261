//! Values that must not be printed, and the cleaning of words that others wrote.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use url::Url;

/// A token or key. It cannot be printed, only [revealed](Self::reveal) where a request is built.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself; call this only to put it into a request or a private file.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A web address that may carry a signature: printed without user, query and fragment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SafeUrl(Url);

impl SafeUrl {
    /// Takes an address in.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The whole address; call this only to make a request or to store it privately.
    #[must_use]
    pub fn reveal(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // Both fail only for addresses that cannot have a user at all.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let hidden = shown.query().is_some();
        shown.set_query(None);
        shown.set_fragment(None);
        write!(f, "{shown}{}", if hidden { "?…" } else { "" })
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeUrl({self})")
    }
}

/// How tokens and keys of the services begin (NemoVideo API and claim tokens, SkillBoss keys).
const SECRET_PREFIXES: [&str; 7] = ["nmv_usr_", "nmv_", "clm_", "sk-", "sk_", "whsec_", "eyJ"];

/// Secrets in use, which may look like anything.
static IN_USE: RwLock<Vec<Secret>> = RwLock::new(Vec::new());

/// From now on this secret is removed from all words that are cleaned here, whatever it looks like.
pub fn never_show(secret: &Secret) {
    // A shorter one would take harmless words with it.
    let known = |kept: &[Secret]| secret.0.len() < 8 || kept.contains(secret);
    if !known(&IN_USE.read().unwrap_or_else(PoisonError::into_inner)) {
        let mut kept = IN_USE.write().unwrap_or_else(PoisonError::into_inner);
        if !known(&kept) {
            kept.push(secret.clone());
        }
    }
}

/// Makes foreign words fit to be shown as a quotation: one line, secrets and signed queries removed, at
/// most `max_chars` characters.
#[must_use]
pub fn quote(words: &str, max_chars: usize) -> String {
    let mut shown = String::new();
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(&scrub_word(word));
        if shown.chars().count() > max_chars {
            return shown.chars().take(max_chars).chain(['…']).collect();
        }
    }
    shown
}

/// The most characters that a name from outside takes in a sentence of ours.
const MAX_LABEL_CHARS: usize = 80;

/// A name or setting that somebody else chose, fit to stand inside our own quotation marks: one line, short, no
/// secrets, and no marks that would end the quotation.
#[must_use]
pub fn label(words: &str) -> String {
    without_marks(&quote(words, MAX_LABEL_CHARS))
}

/// Words of a service between quotation marks: data, so that nobody takes them for ours or for an instruction. They
/// are expected to be cleaned already, by [`quote`] or [`scrub`].
#[must_use]
pub fn quotation(words: &str) -> String {
    format!("\"{}\"", without_marks(words.trim()))
}

/// A quotation ends where we end it.
fn without_marks(words: &str) -> String {
    words.replace(['"', '“', '”', '„', '‟', '＂'], "'")
}

/// Removes secrets from text that keeps its lines, such as a reply of the backend agent.
#[must_use]
pub fn scrub(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|piece| {
            let word = piece.trim_end();
            format!("{}{}", scrub_word(word), &piece[word.len()..])
        })
        .collect()
}

/// Replaces the secret inside one word, and the user and the query of an address.
fn scrub_word(word: &str) -> String {
    let mut word = word.to_owned();
    for secret in IN_USE.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if word.contains(&secret.0) {
            word = word.replace(&secret.0, "…");
        }
    }
    if let Some(host) = word.find("://").map(|start| start + "://".len()) {
        let end = word[host..].find(['/', '?', '#']).map_or(word.len(), |end| host + end);
        if let Some(user) = word[host..end].rfind('@') {
            word.replace_range(host..host + user, "…");
        }
    }
    if let Some(start) = word.find("://")
        && let Some(query) = word[start..].find('?')
    {
        word.truncate(start + query);
        word.push_str("?…");
    }
    for prefix in SECRET_PREFIXES {
        let mut from = 0;
        while let Some(at) = word[from..].find(prefix).map(|at| at + from) {
            let begins = word[..at].chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric());
            let tail = at + prefix.len();
            let length = word[tail..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
                .unwrap_or(word.len() - tail);
            if begins && length >= 8 {
                word.replace_range(tail..tail + length, "…");
            }
            from = tail;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_printed() {
        let secret = Secret::new("nmv_usr_CANARY0123456789");
        assert!(!format!("{secret} {secret:?}").contains("CANARY"));
        let url: Url = "https://u:CANARY@cdn.example/clip.mp4?sig=CANARY#CANARY".parse().unwrap();
        let url = SafeUrl::new(url);
        assert_eq!(url.to_string(), "https://cdn.example/clip.mp4?…");
        assert!(!format!("{url:?}").contains("CANARY"));
    }

    #[test]
    fn foreign_words_are_cleaned() {
        for (words, shown) in [
            ("plain  words\nhere", "plain words here"),
            ("token nmv_usr_abcdefgh12345 refused", "token nmv_usr_… refused"),
            ("(sk-live0123456789)", "(sk-…)"),
            ("see https://a.example/x?X-Amz-Signature=abc now", "see https://a.example/x?… now"),
            ("at https://u:CANARY@a.example/x", "at https://…@a.example/x"),
            ("task-force sk-1", "task-force sk-1"),
        ] {
            assert_eq!(quote(words, 300), shown);
        }
        assert_eq!(quote("one two three", 7), "one two…");
        assert_eq!(quotation(" no\" Now “do” this "), "\"no' Now 'do' this\"");
        assert_eq!(label("a\n\"b\" nmv_usr_abcdefgh12345"), "a 'b' nmv_usr_…");
        assert_eq!(label(&"x".repeat(500)).chars().count(), MAX_LABEL_CHARS + 1);
        assert_eq!(scrub("a\n nmv_usr_abcdefgh12345\tb"), "a\n nmv_usr_…\tb");
    }
}
