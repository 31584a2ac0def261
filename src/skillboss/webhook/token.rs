//! Tokens: the part of a webhook's address that says which job a notice is for, and that we gave the address away.
//!
//! A notice may overtake the answer to its own submission, or be the only thing that ever names a lost one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::verify::Key;

/// So much of the HMAC is written: 128 bits, beyond any guess.
const TAG_BYTES: usize = 16;
/// The longest id of ours.
const MAX_ID_CHARS: usize = 64;

/// Makes and reads tokens such as `0199…-7a.2.bGV0IG1lIGlu`: a job, the number of the attempt, and an HMAC of both.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The newest key first: it signs, and all are accepted.
    keys: Vec<Key>,
}

impl Tokens {
    /// With these keys, the newest first. Without any, no token is made and none is accepted.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        Self { keys }
    }

    /// The token for an attempt of a job; nothing without a key, or for an id with other characters than letters,
    /// digits, `-` and `_`.
    #[must_use]
    pub fn make(&self, job_id: &str, attempt: u32) -> Option<String> {
        let said = said(job_id, attempt)?;
        let tag = self.keys.first()?.sign(said.as_bytes());
        Some(format!("{said}.{}", URL_SAFE_NO_PAD.encode(tag.get(..TAG_BYTES)?)))
    }

    /// The job and the attempt behind a token, if we made it. Compares in constant time.
    #[must_use]
    pub fn read<'a>(&self, token: &'a str) -> Option<(&'a str, u32)> {
        let (said, tag) = token.rsplit_once('.')?;
        let (job_id, attempt) = said.rsplit_once('.')?;
        let attempt_number = attempt.parse().ok()?;
        // One way of writing only: neither `+1` nor `01`.
        if self::said(job_id, attempt_number)? != said {
            return None;
        }
        let tag = URL_SAFE_NO_PAD.decode(tag).ok().filter(|tag| tag.len() == TAG_BYTES)?;
        let made =
            |key: &Key| key.sign(said.as_bytes()).get(..TAG_BYTES).is_some_and(|ours| same(ours, &tag));
        // Every key is tried, so that the time tells nothing about which one fits.
        (self.keys.iter().filter(|key| made(key)).count() > 0).then_some((job_id, attempt_number))
    }
}

/// What is signed.
fn said(job_id: &str, attempt: u32) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_id = (1..=MAX_ID_CHARS).contains(&job_id.len()) && job_id.bytes().all(plain);
    is_id.then(|| format!("{job_id}.{attempt}"))
}

/// Compares without stopping at the first difference.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Secret;

    fn key(letter: &str) -> Key {
        Key::new(&Secret::new(letter.repeat(32))).unwrap()
    }

    #[test]
    fn only_our_own_tokens_are_read() {
        let tokens = Tokens::new(vec![key("a")]);
        let token = tokens.make("0199-7a_B", 2).unwrap();
        assert_eq!(tokens.read(&token), Some(("0199-7a_B", 2)));
        // After the key was replaced, until it is taken away.
        assert_eq!(Tokens::new(vec![key("b"), key("a")]).read(&token), Some(("0199-7a_B", 2)));
        assert_eq!(Tokens::new(vec![key("b")]).read(&token), None);
        assert_eq!(Tokens::new(vec![]).read(&token), None);
        assert_eq!(Tokens::new(vec![]).make("a", 1), None);
        for change in [
            token.replace("0199", "0198"),
            token.replace(".2.", ".3."),
            token.replace(".2.", ".02."),
            token.replace(".2.", ".+2."),
            token.get(..token.len() - 1).unwrap().to_owned(),
            format!("{token}A"),
            token.rsplit_once('.').unwrap().0.to_owned(),
            format!("{}.", token.rsplit_once('.').unwrap().0),
            String::new(),
            "..".to_owned(),
        ] {
            assert_eq!(tokens.read(&change), None, "{change}");
        }
        for id in ["", "a.b", "a/b", "ä", &"x".repeat(65)] {
            assert_eq!(tokens.make(id, 1), None, "{id}");
        }
    }
}
