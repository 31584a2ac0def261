//! Are two JSON texts the same, to the last digit of every number?
//!
//! A client that reads a draft into floating point and writes it back changes 64-bit ids without noticing. So numbers are
//! compared as they are written: integers digit by digit, others by the exact value of their decimals.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::sandbox::store::hex;

/// A JSON text with every number kept as text.
#[derive(Debug, PartialEq, Eq)]
enum Exact {
    Map(BTreeMap<String, Exact>),
    List(Vec<Exact>),
    Text(String),
    Number(String),
    Word(String),
}

/// Equal for equal texts, whatever the order of keys and the white space.
pub(super) fn fingerprint(json: &str) -> Result<String, String> {
    let mut canonical = String::new();
    read(json)?.write(&mut canonical);
    Ok(hex(&Sha256::digest(canonical.as_bytes())))
}

/// Where `got` first differs from `want`, in words; `None` when they are the same.
pub(super) fn difference(want: &str, got: &str) -> Result<Option<String>, String> {
    Ok(differ("", &read(want)?, &read(got)?))
}

fn read(json: &str) -> Result<Exact, String> {
    let raw: &RawValue = serde_json::from_str(json).map_err(|error| error.to_string())?;
    from_raw(raw)
}

fn from_raw(raw: &RawValue) -> Result<Exact, String> {
    let text = raw.get();
    let says = |error: serde_json::Error| error.to_string();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let map: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(says)?;
            Exact::Map(
                map.into_iter().map(|(key, it)| Ok((key, from_raw(it)?))).collect::<Result<_, String>>()?,
            )
        }
        Some(b'[') => {
            let list: Vec<&RawValue> = serde_json::from_str(text).map_err(says)?;
            Exact::List(list.into_iter().map(from_raw).collect::<Result<_, String>>()?)
        }
        Some(b'"') => Exact::Text(serde_json::from_str(text).map_err(says)?),
        Some(b'-' | b'0'..=b'9') => Exact::Number(plain_number(text)),
        _ => Exact::Word(text.to_owned()),
    })
}

/// `1.50e2` and `150` become the same text: digits without leading or trailing zeros, and a power of ten.
fn plain_number(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut power: i128 = power.parse().unwrap_or(0);
    power -= fraction.len() as i128;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let short = digits.trim_end_matches('0');
    if short.is_empty() {
        return "0".to_owned();
    }
    power += (digits.len() - short.len()) as i128;
    format!("{sign}{short}e{power}")
}

impl Exact {
    fn write(&self, into: &mut String) {
        match self {
            Self::Map(map) => {
                into.push('{');
                for (key, item) in map {
                    into.push_str(&serde_json::Value::from(key.as_str()).to_string());
                    into.push(':');
                    item.write(into);
                    into.push(',');
                }
                into.push('}');
            }
            Self::List(items) => {
                into.push('[');
                for item in items {
                    item.write(into);
                    into.push(',');
                }
                into.push(']');
            }
            Self::Text(text) => into.push_str(&serde_json::Value::from(text.as_str()).to_string()),
            Self::Number(text) | Self::Word(text) => into.push_str(text),
        }
    }

    fn brief(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        if text.chars().count() > 60 { text.chars().take(60).collect::<String>() + "…" } else { text }
    }
}

fn differ(at: &str, want: &Exact, got: &Exact) -> Option<String> {
    match (want, got) {
        (Exact::Map(want), Exact::Map(got)) => {
            if let Some(key) = want.keys().find(|key| !got.contains_key(*key)) {
                return Some(format!("{at}/{key} is missing"));
            }
            if let Some(key) = got.keys().find(|key| !want.contains_key(*key)) {
                return Some(format!("{at}/{key} was not there"));
            }
            want.iter().find_map(|(key, item)| differ(&format!("{at}/{key}"), item, got.get(key)?))
        }
        (Exact::List(want), Exact::List(got)) if want.len() == got.len() => want
            .iter()
            .zip(got)
            .enumerate()
            .find_map(|(n, (want, got))| differ(&format!("{at}/{n}"), want, got)),
        (Exact::List(want), Exact::List(got)) => {
            Some(format!("{at} has {} items instead of {}", got.len(), want.len()))
        }
        _ if want == got => None,
        _ => Some(format!("{at} is {} instead of {}", got.brief(), want.brief())),
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, fingerprint};

    #[test]
    fn numbers_count_to_the_last_digit() {
        for (want, got, same) in [
            (r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1 }"#, true),
            ("5529798706024415232", "5529798706024415000", false),
            ("18446744073709551617", "18446744073709551616", false),
            ("0.30000000000000004", "0.3", false),
            ("0.30000000000000004", "3.0000000000000004e-1", true),
            ("150", "1.50E2", true),
            ("0", "-0.0", true),
            ("1", "\"1\"", false),
            ("\"\\u00e9\"", "\"é\"", true),
            ("[1,2]", "[1]", false),
            ("null", "false", false),
        ] {
            assert_eq!(difference(want, got).unwrap().is_none(), same, "{want} and {got}");
            assert_eq!(fingerprint(want).unwrap() == fingerprint(got).unwrap(), same, "{want} and {got}");
        }
    }

    #[test]
    fn the_place_is_named() {
        let told = difference(r#"{"t":[{"sg":[{"d":10000}]}]}"#, r#"{"t":[{"sg":[{"d":9000}]}]}"#);
        assert_eq!(told.unwrap().unwrap(), "/t/0/sg/0/d is 9e3 instead of 1e4");
    }
}
