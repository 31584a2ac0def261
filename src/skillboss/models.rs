//! Models: what the service offers today, as far as it tells (its command-line tool and its MCP server).

use serde_json::Value;

use crate::error::Result;
use crate::money::Usd;
use crate::redact;
use crate::skillboss::call::{Call, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::errors;
use crate::skillboss::wire;

/// A model in the service's list. Its words are a stranger's, cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The id to send.
    pub id: String,
    /// What it makes, such as `video`.
    pub kind: Option<String>,
    /// Whose it is.
    pub vendor: Option<String>,
    /// Dollars for a second of it.
    pub per_second: Option<Usd>,
    /// Dollars for a request.
    pub per_request: Option<Usd>,
}

impl Client {
    /// The models that make videos, in the service's order. Nothing when it has no list.
    ///
    /// # Errors
    /// As the error table.
    pub async fn models(&self) -> Result<Option<Vec<Offer>>> {
        let mut url = self.data(&["models"])?;
        url.query_pairs_mut().append_pair("types", "video");
        let answer = match self.ask(&Call::get("list its models", Plane::Data, url)).await {
            Ok(answer) => answer,
            Err(failed) if failed.is_missing() => return Ok(None),
            Err(failed) => return Err(failed.into()),
        };
        let body = answer.json();
        let list =
            ["models", "data"].iter().find_map(|name| body.get(name)?.as_array()).or_else(|| body.as_array());
        match list {
            Some(list) => Ok(Some(list.iter().filter_map(offer).collect())),
            // Only numbers of models by type.
            None if body.get("available_types").is_some() => Ok(None),
            None => Err(errors::without("a list of models")),
        }
    }
}

fn offer(item: &Value) -> Option<Offer> {
    let id = item.as_str().map(str::to_owned).or_else(|| wire::text(item, &["model_id", "id"]))?;
    let pricing = item.get("pricing").unwrap_or(&Value::Null);
    let label = |names: &[&str]| wire::text(item, names).map(|text| redact::label(&text));
    // An input price beside an output price is one of tokens; alone it is one of requests.
    let by_request = pricing
        .get("output")
        .is_none()
        .then(|| wire::usd(pricing, &["per_request_usd", "per_request", "input"]));
    Some(Offer {
        id: redact::label(&id),
        kind: label(&["type"]),
        vendor: label(&["vendor", "owned_by"]),
        per_second: wire::usd(pricing, &["per_second", "per_second_usd"]),
        per_request: by_request.flatten(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_lists_are_understood() {
        let ours = offer(
            &json!({"model_id": "veo-3.1", "type": "video", "vendor": "google", "pricing": {"per_second": 0.4}}),
        );
        let ours = ours.unwrap();
        assert_eq!((ours.id.as_str(), ours.per_second), ("veo-3.1", Some("0.4".parse().unwrap())));
        let theirs =
            offer(&json!({"id": "mm/t2v", "owned_by": "minimax", "pricing": {"input": "0.3"}})).unwrap();
        assert_eq!(
            (theirs.vendor.as_deref(), theirs.per_request),
            (Some("minimax"), Some("0.3".parse().unwrap()))
        );
        let tokens = offer(&json!({"id": "c", "pricing": {"input": 1, "output": 5}})).unwrap();
        assert_eq!((tokens.per_request, tokens.per_second), (None, None));
        assert_eq!(offer(&json!({"name": "x"})), None);
    }
}
