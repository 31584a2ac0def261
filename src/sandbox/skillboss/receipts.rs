//! Receipts: a signed note of what was made and what it cost.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Refusal, said};
use super::rows::{Job, Work};
use super::run::body_of;
use super::sign::hmac;
use super::{SkillBoss, Usd};
use crate::sandbox::faults::ErrorShape;

impl SkillBoss {
    /// A receipt for a charge: a JWT, HS256, with the sandbox's key.
    pub(super) fn receipt(&self, job: &Job, cost: Usd) -> String {
        let head = json!({ "alg": "HS256", "typ": "JWT" });
        let claims = json!({
            "iss": "skillboss-sandbox",
            "rid": job.id,
            "model": job.used_model,
            "units": job.units,
            "unit": if matches!(job.work, Work::Clip(_)) { "second" } else { "request" },
            "cost_usd": cost,
            "iat": self.clock.now_ms().div_euclid(1000),
        });
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac(self.options.receipt_key.as_bytes(), signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The claims of a receipt that this sandbox has signed, or the word for what is wrong.
    fn claims_of(&self, receipt: &str) -> Result<Value, &'static str> {
        let (signed, signature) = receipt.rsplit_once('.').ok_or("malformed_jwt")?;
        let (_, claims) = signed.split_once('.').ok_or("malformed_jwt")?;
        let given = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "malformed_jwt")?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| "malformed_jwt")?;
        let claims = serde_json::from_slice(&claims).map_err(|_| "malformed_jwt")?;
        if given != hmac(self.options.receipt_key.as_bytes(), signed.as_bytes()) {
            return Err("invalid_signature");
        }
        Ok(claims)
    }
}

/// `POST /api/receipts/verify`.
pub(super) async fn verify(Shared(boss): Shared<Arc<SkillBoss>>, body: Bytes) -> Result<Response, Refusal> {
    let given = body_of(&body)?;
    let Some(receipt) = given.get("receipt").and_then(Value::as_str) else {
        return Err(Refusal::bad("receipt_required", "receipt is missing").shaped(ErrorShape::Word));
    };
    Ok(said(match boss.claims_of(receipt) {
        Ok(mut claims) => {
            if let Some(claims) = claims.as_object_mut() {
                claims.insert("valid".to_owned(), Value::Bool(true));
            }
            claims
        }
        Err(word) => json!({ "valid": false, "error": word }),
    }))
}
