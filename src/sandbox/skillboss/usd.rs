//! Money: US dollars in whole micro-dollars, so that sums agree to the last digit.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount. In JSON and TOML a number of dollars; a text with a number is understood too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd {
    /// Millionths of a dollar.
    pub micros: i64,
}

impl Usd {
    /// Whole cents.
    #[must_use]
    pub const fn cents(cents: i64) -> Self {
        Self { micros: cents * 10_000 }
    }

    /// The nearest amount; `None` for what is no finite sum of money.
    #[must_use]
    pub fn of(dollars: f64) -> Option<Self> {
        let micros = (dollars * 1e6).round();
        (micros.abs() < 9e15).then_some(Self { micros: micros as i64 })
    }

    /// As a number of dollars.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// This many times the amount, to the nearest micro-dollar.
    pub(super) fn times(self, factor: f64) -> Self {
        Self { micros: (self.micros as f64 * factor).round() as i64 }
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "${}", self.dollars())
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_add(other.micros) }
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_sub(other.micros) }
    }
}

impl Mul<u32> for Usd {
    type Output = Self;
    fn mul(self, count: u32) -> Self {
        Self { micros: self.micros.saturating_mul(i64::from(count)) }
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::add)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Number(f64),
            Text(String),
        }
        let dollars = match Given::deserialize(from)? {
            Given::Number(number) => Some(number),
            Given::Text(text) => text.trim().parse().ok(),
        };
        dollars.and_then(Self::of).ok_or_else(|| serde::de::Error::custom("not an amount of dollars"))
    }
}

#[cfg(test)]
mod tests {
    use super::Usd;

    #[test]
    fn amounts() {
        assert_eq!(serde_json::to_string(&Usd::cents(16)).unwrap(), "0.16");
        for (text, want) in
            [("0.4", Some(400_000)), ("\"1.00\"", Some(1_000_000)), ("12", Some(12_000_000)), ("\"x\"", None)]
        {
            let got = serde_json::from_str::<Usd>(text).ok().map(|usd| usd.micros);
            assert_eq!(got, want, "{text}");
        }
        assert_eq!((Usd::cents(40) * 8).to_string(), "$3.2");
        assert_eq!(Usd::of(f64::NAN), None);
    }
}
