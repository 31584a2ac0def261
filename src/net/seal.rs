//! Seals: a few words of ours that travel through foreign hands and must come back unchanged.

use ring::hmac;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The shortest key that is taken, in characters.
const SHORTEST_KEY: usize = 32;

/// Seals words and recognises them. Several keys while one is being replaced: the first seals, all are recognised.
#[derive(Clone)]
pub struct Seal {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    /// Names the key in a seal without giving it away.
    name: String,
    secret: hmac::Key,
}

impl Seal {
    /// A seal with these keys.
    ///
    /// # Errors
    /// `Internal` when there is none, or one is too short to protect anything.
    pub fn from_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let keys: Vec<_> = keys.into_iter().map(str::trim).filter(|key| !key.is_empty()).collect();
        if keys.is_empty() || keys.iter().any(|key| key.len() < SHORTEST_KEY) {
            return Err(Error::internal("A key for sealing is missing or too short."));
        }
        Ok(Self { keys: keys.into_iter().map(Key::new).collect() })
    }

    /// The words with their seal: safe in a path when the words are letters, digits, `.`, `-` and `_`.
    #[must_use]
    pub fn seal(&self, words: &str) -> String {
        self.keys
            .first()
            .map(|key| {
                format!("{words}.{}.{}", key.name, hex(hmac::sign(&key.secret, words.as_bytes()).as_ref()))
            })
            .unwrap_or_default()
    }

    /// The words, if they were sealed with one of the keys. Takes equally long for every wrong seal.
    #[must_use]
    pub fn open(&self, sealed: &str) -> Option<String> {
        let (rest, sum) = sealed.rsplit_once('.')?;
        let (words, name) = rest.rsplit_once('.')?;
        let sum = unhex(sum)?;
        let key = self.keys.iter().find(|key| key.name == name)?;
        hmac::verify(&key.secret, words.as_bytes(), &sum).ok()?;
        Some(words.to_owned())
    }
}

impl Key {
    fn new(secret: &str) -> Self {
        let name = Sha256::digest(secret).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        Self { name, secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) }
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdef0123456789abcdef";
    const NEW: &str = "fedcba9876543210fedcba9876543210";

    #[test]
    fn only_what_was_sealed_is_recognised() {
        let seal = Seal::from_keys([OLD]).unwrap();
        let sealed = seal.seal("job_1.2");
        assert_eq!(seal.open(&sealed).as_deref(), Some("job_1.2"));
        let forged = sealed.replace("job_1.2", "job_1.3");
        let cut: String = sealed.chars().take(sealed.len() - 2).collect();
        for wrong in [forged.as_str(), cut.as_str(), "", ".", "a.b.c", "job_1.2", &format!("{sealed}00")] {
            assert_eq!(seal.open(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_can_be_replaced() {
        let sealed = Seal::from_keys([OLD]).unwrap().seal("x");
        assert_eq!(Seal::from_keys([NEW, OLD]).unwrap().open(&sealed).as_deref(), Some("x"));
        assert_eq!(Seal::from_keys([NEW]).unwrap().open(&sealed), None);
        assert!(Seal::from_keys(["short"]).is_err() && Seal::from_keys([]).is_err());
    }
}
