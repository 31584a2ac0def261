//! Money: whole micro-dollars, read from decimal text without a detour through floating point.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Micro-dollars in a dollar.
const DOLLAR: i64 = 1_000_000;
/// Micro-dollars in a cent.
const CENT: i64 = 10_000;
/// Decimals that are kept.
const DECIMALS: usize = 6;
/// The longest number that is looked at.
const MAX_CHARS: usize = 64;

/// An amount of US dollars in whole micro-dollars. SkillBoss calls every other unit ("credits") by changing rates, so
/// nothing else is ever counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i64);

/// A text that is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no amount in dollars such as 3.20")]
pub struct NotMoney;

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anybody has.
    pub const MAX: Self = Self(i64::MAX);

    /// This many millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// This many cents, or the most there can be.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents.saturating_mul(CENT))
    }

    /// Millionths of a dollar, as the ledger stores them.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The sum, unless it is too large.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it is too large; it may be negative.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// So many times this, unless it is too large.
    #[must_use]
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(times)).map(Self)
    }

    /// For the header `X-Max-Cost-Usd` and other caps: two decimals, rounded up to the cent, so that a cap never
    /// refuses what it was computed from.
    #[must_use]
    pub fn to_header(self) -> String {
        let cents = self.0.div_euclid(CENT).saturating_add(i64::from(self.0.rem_euclid(CENT) != 0)).max(0);
        format!("{}.{:02}", cents / 100, cents % 100)
    }

    /// Rounded up to the cent, as caps are told.
    #[must_use]
    pub const fn up_to_cent(self) -> Self {
        let rest = self.0.rem_euclid(CENT);
        if rest == 0 { self } else { Self(self.0.saturating_add(CENT - rest)) }
    }

    /// Rounded down to the cent.
    #[must_use]
    pub const fn down_to_cent(self) -> Self {
        Self(self.0 - self.0.rem_euclid(CENT))
    }

    /// Plain digits with at least two decimals: `3.20`, `0.001`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let mut decimals = format!("{:06}", micros % DOLLAR.unsigned_abs());
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        format!("{sign}{}.{decimals}", micros / DOLLAR.unsigned_abs())
    }

    /// An amount in an answer: a number, or text with or without `$`. A number is taken by its shortest decimal form,
    /// which is the written one up to 15 digits.
    #[must_use]
    pub fn of_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.to_string().parse().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl FromStr for Usd {
    type Err = NotMoney;

    /// Reads `3.2`, `$3.20`, `1e-3`. What is finer than a millionth is rounded to the nearest one, because services
    /// that reckon in floating point send 0.30000000000000004.
    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let text = text.trim();
        if text.len() > MAX_CHARS {
            return Err(NotMoney);
        }
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let text = text.strip_prefix('$').unwrap_or(text);
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(|_| NotMoney)?),
            None => (text, 0),
        };
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{decimals}");
        if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotMoney);
        }
        // Where the point stands among the digits once micro-dollars are whole.
        let point = i64::try_from(whole.len() + DECIMALS).map_err(|_| NotMoney)? + i64::from(exponent);
        let kept = usize::try_from(point.clamp(0, MAX_CHARS as i64 * 2)).map_err(|_| NotMoney)?;
        let padded = format!("{digits:0<kept$}");
        let (micros, rest) = padded.split_at_checked(kept).ok_or(NotMoney)?;
        let micros = micros.trim_start_matches('0');
        let mut amount: i64 = if micros.is_empty() { 0 } else { micros.parse().map_err(|_| NotMoney)? };
        if point >= 0 && rest.bytes().next().is_some_and(|digit| digit >= b'5') {
            amount = amount.checked_add(1).ok_or(NotMoney)?;
        }
        Ok(Self(if negative { -amount } else { amount }))
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = self.to_decimal();
        match decimal.strip_prefix('-') {
            Some(positive) => write!(f, "-${positive}"),
            None => write!(f, "${decimal}"),
        }
    }
}

/// A sum is nothing when it is too large.
impl Sum<Usd> for Option<Usd> {
    fn sum<I: Iterator<Item = Usd>>(mut amounts: I) -> Self {
        amounts.try_fold(Usd::ZERO, Usd::checked_add)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_decimal())
    }
}

impl schemars::JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^-?\d+\.\d{2,6}$" })
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Amount)
    }
}

struct Amount;

impl Visitor<'_> for Amount {
    type Value = Usd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount in dollars, as text or as a number")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Usd, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, dollars: i64) -> Result<Usd, E> {
        dollars.checked_mul(DOLLAR).map(Usd).ok_or_else(|| E::custom(NotMoney))
    }

    fn visit_u64<E: serde::de::Error>(self, dollars: u64) -> Result<Usd, E> {
        i64::try_from(dollars).map_err(E::custom).and_then(|dollars| self.visit_i64(dollars))
    }

    /// The shortest decimal form of a float is what was written, up to 15 digits.
    fn visit_f64<E: serde::de::Error>(self, dollars: f64) -> Result<Usd, E> {
        self.visit_str(&dollars.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, micros) in [
            ("3.20", 3_200_000),
            ("$3.2", 3_200_000),
            (" 0.02 ", 20_000),
            ("1", 1_000_000),
            ("1.", 1_000_000),
            ("1e-3", 1_000),
            ("1.5E2", 150_000_000),
            ("12e-8", 0),
            ("5e-7", 1),
            ("5e-8", 0),
            ("9e-20", 0),
            ("0.30000000000000004", 300_000),
            ("0.1234565", 123_457),
            ("-0.10", -100_000),
            ("-$0.10", -100_000),
            ("9223372036854.775807", i64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Usd(micros)), "{text}");
        }
        for text in [
            "",
            "$",
            ".",
            ".5",
            "free",
            "1,50",
            "1.2.3",
            "NaN",
            "inf",
            "--1",
            "1e99",
            "9223372036854.775808",
            &"1".repeat(65),
            "١",
        ] {
            assert_eq!(text.parse::<Usd>(), Err(NotMoney), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_and_capped() {
        for (micros, shown, header) in [
            (3_200_000, "$3.20", "3.20"),
            (0, "$0.00", "0.00"),
            (1_000, "$0.001", "0.01"),
            (1, "$0.000001", "0.01"),
            (10_000, "$0.01", "0.01"),
            (10_001, "$0.010001", "0.02"),
            (999_999, "$0.999999", "1.00"),
            (-100_000, "-$0.10", "0.00"),
        ] {
            assert_eq!((Usd(micros).to_string().as_str(), Usd(micros).to_header().as_str()), (shown, header));
        }
        assert_eq!(Usd::MAX.to_header(), "9223372036854.78");
    }

    #[test]
    fn json_may_hold_text_or_numbers() {
        for (json, micros) in
            [("\"3.20\"", 3_200_000), ("3.2", 3_200_000), ("3", 3_000_000), ("0.001", 1_000), ("1e-3", 1_000)]
        {
            assert_eq!(serde_json::from_str::<Usd>(json).unwrap(), Usd(micros), "{json}");
            assert_eq!(Usd::of_json(&serde_json::from_str(json).unwrap()), Some(Usd(micros)), "{json}");
        }
        assert_eq!(serde_json::to_string(&Usd(1_000)).unwrap(), "\"0.001\"");
        for json in ["null", "[]", "\"many\"", "true", "99999999999999999999"] {
            assert!(serde_json::from_str::<Usd>(json).is_err(), "{json}");
            assert_eq!(Usd::of_json(&serde_json::from_str(json).unwrap()), None, "{json}");
        }
    }

    #[test]
    fn sums_never_wrap() {
        assert_eq!(Usd::MAX.checked_add(Usd(1)), None);
        assert_eq!([Usd(1), Usd(2)].into_iter().sum::<Option<Usd>>(), Some(Usd(3)));
        assert_eq!([Usd::MAX, Usd(2)].into_iter().sum::<Option<Usd>>(), None);
        assert_eq!(Usd(400_000).checked_mul(8), Some(Usd(3_200_000)));
        assert_eq!(Usd::ZERO.checked_sub(Usd(1)), Some(Usd(-1)));
    }
}
