//! An address of one's own that takes posts as JSON, signed as Standard Webhooks says (specification 1.0.0).
//!
//! The body begins as the pipeline page's queue wants it, with `media_url` and `channels`; everything else is added.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use super::call::Answer;
use super::{Client, Message, Receipt, Sent, instant};
use crate::error::{Error, Kind, Result};
use crate::model::delivery::Timing;
use crate::redact::Secret;

pub(super) fn sent(client: &Client, message: &Message, answer: &Answer) -> Sent {
    // A conflict says that it has this message already.
    if answer.is_good() || answer.status == 409 {
        let word = |places: &[&str]| answer.text(places).map(str::to_owned);
        return Sent::Accepted(Receipt {
            id: word(&["/id", "/post_id", "/data/id"]).unwrap_or_else(|| message.key.clone()),
            status: word(&["/status", "/state"]).unwrap_or_else(|| message.timing.name().to_owned()),
            url: word(&["/url", "/post_url"]),
        });
    }
    client.refusal(answer)
}

pub(super) fn prepare(client: &Client, message: &Message) -> Result<reqwest::RequestBuilder> {
    let body = body(message).to_string();
    let at_s = jiff::Timestamp::now().as_second().to_string();
    let request = client
        .inner
        .http
        .writes()?
        .post(client.inner.base.clone())
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", &message.key)
        .header("webhook-id", &message.key)
        .header("webhook-timestamp", &at_s);
    let request = match &client.inner.settings.hook_secret {
        Some(secret) => request.header("webhook-signature", sign(secret, &message.key, &at_s, &body)?),
        None => request,
    };
    Ok(request.body(body))
}

fn body(message: &Message) -> Value {
    let publish_at = match message.timing {
        Timing::At(at_ms) => Some(instant(at_ms)),
        Timing::Draft | Timing::Now | Timing::Queue => None,
    };
    json!({
        "media_url": message.media_url.as_str(),
        "channels": [message.channel.to_string()],
        "caption": message.caption,
        "title": message.title,
        "timing": message.timing.name(),
        "publish_at": publish_at,
        "draft": message.timing == Timing::Draft,
        "idempotency_key": message.key,
        "duration_s": message.file.duration_s,
        "width": message.file.width,
        "height": message.file.height,
        "bytes": message.file.bytes,
        "sha256": message.sha256,
        "ai_generated": true,
    })
}

/// `v1,` and the HMAC of id, time and body.
fn sign(secret: &Secret, id: &str, at_s: &str, body: &str) -> Result<String> {
    let text = secret.reveal().trim();
    let key = match text.strip_prefix("whsec_") {
        Some(coded) => STANDARD.decode(coded).map_err(|_| {
            Error::new(Kind::Config, "FIRSTCUT_POST_HOOK_SECRET begins with whsec_ and is no base64.")
                .next("Copy it again from where it was made.")
        })?,
        None => text.as_bytes().to_vec(),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = hmac::sign(&key, format!("{id}.{at_s}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(signature.as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign(&Secret::new("whsec_***"), "a", "1", "").is_err());
    }
}
