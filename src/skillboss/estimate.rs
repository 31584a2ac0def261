//! Estimates: what the service itself says that a call would cost (SkillBoss pipeline page, `/api/estimate`).
//!
//! Only its name is published. The request follows `/v1/run`, and every likely form of the answer is understood.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::money::Usd;
use crate::skillboss::call::{Call, Effect, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::inputs::Inputs;
use crate::skillboss::template::{self, TemplateUpdate};
use crate::skillboss::wire;

/// The price of one call, as the service sees it. It is no promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Dollars for the call.
    pub cost: Usd,
    /// The model that was meant, if it is named.
    pub model: Option<String>,
}

impl Client {
    /// Asks what one clip would cost; pictures stay here, a dot goes in their place. Nothing when the service gives no figure, or says that it is free, which nobody
    /// believes.
    ///
    /// # Errors
    /// As the error table; a service without this question is no error.
    pub async fn estimate(&self, model: &str, inputs: &Inputs) -> Result<Option<Estimate>> {
        self.price(model, inputs.to_json_for_estimate(self.spelling())?).await
    }

    /// Asks what one update of a template would cost.
    ///
    /// # Errors
    /// As [`estimate`](Self::estimate).
    pub async fn estimate_template(&self, update: &TemplateUpdate) -> Result<Option<Estimate>> {
        self.price(template::MODEL, update.to_json()).await
    }

    async fn price(&self, model: &str, inputs: Map<String, Value>) -> Result<Option<Estimate>> {
        let body = json!({ "model": model, "inputs": inputs, "count": 1 });
        let call = Call {
            model: Some(model),
            ..Call::post(
                "estimate the cost",
                Plane::Control,
                self.control(&["estimate"])?,
                Some(body),
                Effect::Repeatable,
            )
        };
        match self.ask(&call).await {
            Ok(answer) => Ok(read(answer.json())),
            Err(failed) if failed.is_missing() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }
}

fn read(body: &Value) -> Option<Estimate> {
    let parts = ["", "/estimate", "/data", "/result"].into_iter().filter_map(|place| body.pointer(place));
    let found = parts.into_iter().find_map(|part| {
        let names = [
            "estimated_cost_usd",
            "estimated_usd",
            "estimate_usd",
            "total_cost_usd",
            "total_usd",
            "cost_usd",
            "price_usd",
        ];
        let cost = wire::usd(part, &names).filter(|cost| *cost > Usd::ZERO)?;
        Some((cost, wire::text(part, &["model", "model_id"])))
    });
    let (cost, model) = found?;
    let model = model.or_else(|| wire::text(body, &["model", "model_id"]));
    Some(Estimate { cost, model: model.map(|model| crate::redact::label(&model)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likely_forms() {
        for (body, cost) in [
            (
                json!({"ok": true, "model": "veo-3.1", "estimated_cost_usd": 0.16, "unit": "second"}),
                Some("0.16"),
            ),
            (json!({"estimate": {"total_usd": "3.20"}}), Some("3.20")),
            (json!({"data": {"cost_usd": 1}}), Some("1")),
            (json!({"estimated_cost_usd": 0}), None),
            (json!({"estimated_cost_usd": -1}), None),
            (json!({"credits": 50}), None),
            (json!([]), None),
            (json!(null), None),
        ] {
            assert_eq!(read(&body).map(|it| it.cost), cost.map(|cost| cost.parse().unwrap()), "{body}");
        }
    }
}
