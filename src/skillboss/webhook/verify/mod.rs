//! Verification: whether a notice comes from somebody who has the key. Over the raw bytes, before anything is read.
//!
//! SkillBoss publishes no scheme, so that the common ones are offered: Standard Webhooks (specification 1.0.0), and a
//! header with an HMAC-SHA256 of the body.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName};
use ring::hmac;

use crate::error::{Error, Kind, Result};
use crate::redact::Secret;

/// How far a sender's clock may be off, and how old a notice may be, in seconds.
const WINDOW_S: i64 = 300;
/// More entries than any sender makes, so that nobody makes us compute for long.
const MOST_SIGNATURES: usize = 16;
/// Senders disagree about the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A key to check with. It cannot be printed.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl Key {
    /// A key as it is written: `whsec_` and base64 (Standard Webhooks), or any other text, which is taken as it is.
    ///
    /// # Errors
    /// [`Kind::Config`] for less than 16 bytes, or for `whsec_` without base64.
    pub fn new(secret: &Secret) -> Result<Self> {
        let text = secret.reveal().trim();
        let bytes = match text.strip_prefix("whsec_") {
            Some(coded) => BASE64.decode(coded).map_err(|_| {
                Error::new(Kind::Config, "The webhook secret begins with whsec_ and is no base64.")
                    .next("Copy it again from where it was made.")
            })?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < 16 {
            return Err(Error::new(Kind::Config, "The webhook secret is shorter than 16 bytes.")
                .next("Use a longer one, such as 32 random bytes."));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Compares in constant time.
    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.0, message, signature).is_ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// How notices are checked. With several keys any of them will do, so that one can be replaced by another in peace.
#[derive(Clone, Debug)]
pub enum Verifier {
    /// They are not: every notice is a hint at most.
    None,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard(StandardWebhooks),
    /// One header with an HMAC.
    Header(HeaderHmac),
}

/// The scheme of Standard Webhooks, `v1` only.
#[derive(Clone, Debug)]
pub struct StandardWebhooks {
    /// The keys; there must be one.
    pub keys: Vec<Key>,
}

/// A header with an HMAC-SHA256 of the body.
#[derive(Clone, Debug)]
pub struct HeaderHmac {
    /// The header, such as `x-signature`.
    pub header: HeaderName,
    /// What stands before the signature, such as `sha256=`; may be empty.
    pub prefix: String,
    /// How the signature is written.
    pub encoding: Encoding,
    /// A header with Unix seconds. Then `{seconds}.{body}` is signed, and old notices are refused.
    pub timestamp_header: Option<HeaderName>,
    /// The keys; there must be one.
    pub keys: Vec<Key>,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `0aff…`, in either case.
    Hex,
    /// With or without padding.
    Base64,
}

/// A notice that may be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Somebody with the key made it. The id, if the scheme has one, is the same when it is delivered again.
    Signed {
        /// `webhook-id`.
        message_id: Option<String>,
    },
    /// Nobody checked.
    Unchecked,
}

/// Why a notice is not looked at. The sender is told no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It has no signature, or half of one.
    #[error("it is not signed")]
    Unsigned,
    /// No key made this signature.
    #[error("its signature is wrong")]
    WrongSignature,
    /// It is too old, or from the future.
    #[error("its time is off by {skew_s} s, and 300 s are allowed; check both clocks")]
    OutsideWindow {
        /// How many seconds its time is behind ours.
        skew_s: i64,
    },
}

impl Verifier {
    /// The scheme as it is written in the settings: `standard` or nothing for Standard Webhooks, else a header's name
    /// and, with blanks between, `hex` or `base64`, `timestamp:HEADER`, and what stands before the signature. Without
    /// secrets nothing is checked.
    ///
    /// # Errors
    /// [`Kind::Config`] for a secret or a scheme that cannot be used, or a scheme without a secret.
    pub fn from_settings(scheme: Option<&str>, secrets: &[Secret]) -> Result<Self> {
        let keys = secrets.iter().map(Key::new).collect::<Result<Vec<_>>>()?;
        let scheme = scheme.map(str::trim).filter(|scheme| !scheme.is_empty());
        if keys.is_empty() {
            return match scheme {
                None => Ok(Self::None),
                Some(_) => Err(Error::new(
                    Kind::Config,
                    "FIRSTCUT_WEBHOOK_SIGNATURE is set, and no secret to check with.",
                )
                .next("Set FIRSTCUT_WEBHOOK_SECRETS too, or unset it.")),
            };
        }
        let Some(scheme) = scheme.filter(|scheme| !scheme.eq_ignore_ascii_case("standard")) else {
            return Ok(Self::Standard(StandardWebhooks { keys }));
        };
        let mut words = scheme.split_whitespace();
        let header = |name: &str| {
            name.parse::<HeaderName>().map_err(|error| {
                Error::new(Kind::Config, "FIRSTCUT_WEBHOOK_SIGNATURE names something that is no header.")
                    .next("Write standard, or a header's name such as x-signature, then hex or base64, a prefix such as sha256=, and timestamp:HEADER, as far as they apply.")
                    .because(error)
            })
        };
        let mut found = HeaderHmac {
            header: header(words.next().unwrap_or_default())?,
            prefix: String::new(),
            encoding: Encoding::Hex,
            timestamp_header: None,
            keys,
        };
        for word in words {
            match (word, word.strip_prefix("timestamp:")) {
                ("hex", _) => found.encoding = Encoding::Hex,
                ("base64", _) => found.encoding = Encoding::Base64,
                (_, Some(name)) => found.timestamp_header = Some(header(name)?),
                (prefix, None) => prefix.clone_into(&mut found.prefix),
            }
        }
        Ok(Self::Header(found))
    }

    /// Checks a notice over its raw bytes.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Verified, Rejection> {
        match self {
            Self::None => Ok(Verified::Unchecked),
            Self::Standard(scheme) => scheme.verify(headers, body, now),
            Self::Header(scheme) => scheme.verify(headers, body, now),
        }
    }
}

impl StandardWebhooks {
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Verified, Rejection> {
        let header = |name: &str| single(headers, name).ok_or(Rejection::Unsigned);
        let (id, sent, signatures) =
            (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
        let message = [id.as_bytes(), b".", sent.as_bytes(), b".", body].concat();
        let genuine = signatures
            .split_ascii_whitespace()
            .take(MOST_SIGNATURES)
            .filter_map(|entry| BASE64.decode(entry.strip_prefix("v1,")?).ok())
            .any(|signature| self.keys.iter().any(|key| key.signed(&message, &signature)));
        if !genuine {
            return Err(Rejection::WrongSignature);
        }
        in_window(sent, now)?;
        Ok(Verified::Signed { message_id: Some(id.to_owned()) })
    }
}

impl HeaderHmac {
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Verified, Rejection> {
        let signature = single(headers, self.header.as_str()).ok_or(Rejection::Unsigned)?;
        let coded = signature.strip_prefix(self.prefix.as_str()).ok_or(Rejection::WrongSignature)?;
        let decoded = match self.encoding {
            Encoding::Hex => unhex(coded),
            Encoding::Base64 => BASE64.decode(coded).ok(),
        };
        let signature = decoded.ok_or(Rejection::WrongSignature)?;
        let sent = match &self.timestamp_header {
            Some(name) => Some(single(headers, name.as_str()).ok_or(Rejection::Unsigned)?),
            None => None,
        };
        let message = match sent {
            Some(sent) => [sent.as_bytes(), b".", body].concat(),
            None => body.to_vec(),
        };
        if !self.keys.iter().any(|key| key.signed(&message, &signature)) {
            return Err(Rejection::WrongSignature);
        }
        if let Some(sent) = sent {
            in_window(sent, now)?;
        }
        Ok(Verified::Signed { message_id: None })
    }
}

/// A header that is there exactly once; of two, nobody knows which one the sender meant.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())?;
    values.next().is_none().then_some(value)
}

fn in_window(sent: &str, now: Timestamp) -> Result<(), Rejection> {
    let sent: i64 = sent.parse().map_err(|_| Rejection::Unsigned)?;
    let skew_s = now.as_second().saturating_sub(sent);
    if (-WINDOW_S..=WINDOW_S).contains(&skew_s) { Ok(()) } else { Err(Rejection::OutsideWindow { skew_s }) }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u32; 2]| u8::try_from(high * 16 + low).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests;
