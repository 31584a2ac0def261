//! Receipts: signed notes of what a call cost. They are kept word for word, read without trust, and checked here when
//! somebody has the key; else by the service, because nobody publishes it (SkillBoss trust page and error pages).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::money::Usd;
use crate::redact::{self, Secret};
use crate::skillboss::call::{Call, Effect, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::errors;
use crate::skillboss::wire;

/// The largest receipt.
const MAX_RECEIPT_BYTES: usize = 64 * 1024;

/// What a receipt says, without any check of who said it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// The job or call.
    pub id: Option<String>,
    /// The model that was charged.
    pub model: Option<String>,
    /// Seconds that were charged.
    pub seconds: Option<f64>,
    /// What was charged.
    pub cost: Option<Usd>,
    /// When.
    pub issued_at: Option<Timestamp>,
}

/// What the service said about a receipt.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is genuine, and says this.
    Valid(Claims),
    /// It is not.
    Invalid {
        /// The service's word, such as `malformed_jwt`; cleaned.
        reason: String,
    },
}

/// What the signature of a receipt is worth, found out with a key. Pages speak of a "signing secret", which is taken for
/// HS256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Whoever has the key signed these very words.
    Genuine,
    /// Nobody with the key did.
    Forged {
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is signed in another way, which this key says nothing about.
    Foreign {
        /// The name of that way, such as `RS256`; cleaned.
        algorithm: String,
    },
}

impl Signature {
    /// The word for a receipt that is as it should be.
    pub const GENUINE: &str = "genuine";

    /// Checks a receipt.
    #[must_use]
    pub fn of(receipt: &str, key: &Secret) -> Self {
        const BROKEN: Signature = Signature::Forged { why: "it is no JWT" };
        let receipt = receipt.trim();
        let parts = receipt.rsplit_once('.').and_then(|(signed, signature)| {
            let (head, _) = signed.split_once('.')?;
            let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
            let head: Value = serde_json::from_slice(&decoded(head)?).ok()?;
            Some((signed, decoded(signature)?, wire::text(&head, &["alg"])?))
        });
        let Some((signed, signature, algorithm)) = parts.filter(|_| receipt.len() <= MAX_RECEIPT_BYTES)
        else {
            return BROKEN;
        };
        match algorithm.as_str() {
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes());
                match hmac::verify(&key, signed.as_bytes(), &signature) {
                    Ok(()) => Self::Genuine,
                    Err(_) => Self::Forged { why: "its signature is wrong" },
                }
            }
            none if none.eq_ignore_ascii_case("none") => Self::Forged { why: "it is not signed" },
            other => Self::Foreign { algorithm: redact::label(other) },
        }
    }

    /// The verdict in words, for the books.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Genuine => Self::GENUINE.to_owned(),
            Self::Forged { why } => format!("not genuine: {why}"),
            Self::Foreign { algorithm } => {
                format!("not checked: it is signed with {algorithm}, and the key is for HS256")
            }
        }
    }
}

impl Claims {
    /// Reads a receipt without checking its signature; nothing when it is no JWT with an object inside.
    #[must_use]
    pub fn unverified(receipt: &str) -> Option<Self> {
        if receipt.len() > MAX_RECEIPT_BYTES {
            return None;
        }
        let payload = receipt.trim().split('.').nth(1)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&bytes).ok()?;
        claims.is_object().then(|| Self::of(&claims))
    }

    fn of(claims: &Value) -> Self {
        let label = |names: &[&str]| wire::text(claims, names).map(|text| redact::label(&text));
        let number =
            |names: &[&str]| wire::text(claims, names)?.parse().ok().filter(|it: &f64| it.is_finite());
        let in_seconds = wire::text(claims, &["unit"]).is_none_or(|unit| unit.starts_with("second"));
        Self {
            id: label(&["rid", "request_id", "job_id", "jti"]),
            model: label(&["model", "model_id"]),
            seconds: number(&["duration_seconds", "duration", "seconds"])
                .or_else(|| in_seconds.then(|| number(&["units"])).flatten()),
            cost: wire::usd(claims, &["cost_usd", "amount_usd", "total_usd", "cost"]),
            issued_at: wire::moment(claims, &["iat", "issued_at", "timestamp"]),
        }
    }
}

impl Client {
    /// Checks a receipt here. Nothing when no key for that is set.
    #[must_use]
    pub fn check_receipt(&self, receipt: &str) -> Option<Signature> {
        self.settings.receipt_key.as_ref().map(|key| Signature::of(receipt, key))
    }

    /// Asks the service whether a receipt is genuine.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`](crate::error::Kind::InvalidInput) for something that is no receipt;
    /// [`Kind::Unavailable`](crate::error::Kind::Unavailable) while the service cannot verify (503); else as the error
    /// table.
    pub async fn verify_receipt(&self, receipt: &str) -> Result<Verdict> {
        let receipt = receipt.trim();
        if receipt.is_empty() || receipt.len() > MAX_RECEIPT_BYTES {
            return Err(Error::invalid("There is no receipt, or it is larger than any."));
        }
        // A JWT carries no secret of ours, but it needs no key either: whoever has it may ask.
        let call = Call::post(
            "verify the receipt",
            Plane::Public,
            self.control(&["receipts", "verify"])?,
            Some(json!({"receipt": receipt})),
            Effect::Repeatable,
        );
        let answer = self.ask(&call).await?;
        let body = answer.json();
        match body.get("valid") {
            Some(Value::Bool(true)) => {
                Ok(Verdict::Valid(Claims::of(body.get("claims").filter(|it| it.is_object()).unwrap_or(body))))
            }
            Some(Value::Bool(false)) => {
                let reason = wire::text(body, &["error", "reason", "message"]).unwrap_or_default();
                Ok(Verdict::Invalid { reason: redact::label(&reason) })
            }
            _ => Err(errors::without("a verdict")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &Value) -> String {
        format!("eyJh.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_signature_holds_for_one_key_and_the_very_words() {
        let key = Secret::new("a key of letters");
        let signed = |head: &str, claims: &str| {
            let words = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes());
            let sum = hmac::sign(&key, words.as_bytes());
            format!("{words}.{}", URL_SAFE_NO_PAD.encode(sum.as_ref()))
        };
        let good = signed(r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"cost_usd":0.16}"#);
        assert_eq!(Signature::of(&format!(" {good}\n"), &key), Signature::Genuine);
        let forged = |receipt: &str, key: &Secret| match Signature::of(receipt, key) {
            Signature::Forged { why } => why,
            other => panic!("{receipt:.40}: {other:?}"),
        };
        assert_eq!(forged(&good, &Secret::new("another key")), "its signature is wrong");
        let (head, rest) = good.split_once('.').unwrap();
        let (_, sum) = rest.split_once('.').unwrap();
        let cheaper = format!("{head}.{}.{sum}", URL_SAFE_NO_PAD.encode(r#"{"cost_usd":0.01}"#));
        assert_eq!(forged(&cheaper, &key), "its signature is wrong");
        assert_eq!(forged(&signed(r#"{"alg":"none"}"#, "{}"), &key), "it is not signed");
        for broken in ["", "a", "a.b", "a.b.c", "..", &"x.".repeat(60_000)] {
            assert_eq!(forged(broken, &key), "it is no JWT");
        }
        let other = Signature::of(&signed(r#"{"alg":"RS256"}"#, "{}"), &key);
        assert!(other.told().starts_with("not checked: it is signed with RS256"), "{other:?}");
    }

    #[test]
    fn a_receipt_is_read_without_trust() {
        let claims = Claims::unverified(&jwt(&json!({
            "iss": "skillboss", "rid": "c5", "model": "veo-3.1", "units": 8, "unit": "second", "cost_usd": 0.16,
            "iat": 1_763_640_000,
        })));
        let claims = claims.unwrap();
        assert_eq!((claims.id.as_deref(), claims.model.as_deref()), (Some("c5"), Some("veo-3.1")));
        assert_eq!((claims.cost, claims.seconds), (Some("0.16".parse().unwrap()), Some(8.0)));
        assert_eq!(claims.issued_at.unwrap().as_second(), 1_763_640_000);
        assert_eq!(
            Claims::unverified(&jwt(&json!({"unit": "request", "units": 1}))).unwrap(),
            Claims::default()
        );
        for receipt in ["", "a", "a.b", "a.!.c", &jwt(&json!([1])), &"x.".repeat(60_000)] {
            assert_eq!(Claims::unverified(receipt), None, "{receipt:.20}");
        }
    }
}
