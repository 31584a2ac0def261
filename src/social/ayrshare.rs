//! Ayrshare (Ayrshare API: Post, History, User). It knows our key: a message that may have arrived is sent again, and refused
//! if it had.

use serde_json::{Value, json};

use super::call::Answer;
use super::{Account, Client, Message, Receipt, Sent, channels, instant, key};
use crate::error::{Error, Kind, Result};
use crate::model::delivery::{Scheduler, Timing};

/// So many posts of the history are asked for (Ayrshare API, History).
const HISTORY: &str = "500";

pub(super) fn prepare(client: &Client, message: &Message) -> Result<reqwest::RequestBuilder> {
    let body = body(message)?;
    Ok(request(client, reqwest::Method::POST, &["post"], true)?.json(&body))
}

pub(super) fn sent(client: &Client, answer: &Answer) -> Sent {
    // With a profile key everything stands in `posts`.
    let made = answer.body.pointer("/posts/0").unwrap_or(&answer.body);
    if is_known_key(answer) {
        return Sent::Known;
    }
    let good = answer.is_good() && made["status"] != "error";
    match made["id"].as_str().filter(|_| good) {
        Some(id) => Sent::Accepted(Receipt {
            id: id.to_owned(),
            status: made["status"].as_str().unwrap_or("success").to_owned(),
            url: made.pointer("/postIds/0/postUrl").and_then(Value::as_str).map(str::to_owned),
        }),
        None if answer.is_good() && made["status"] != "error" => Sent::Doubtful(Error::new(
            Kind::Uncertain,
            "Ayrshare may or may not have the post: its answer does not say.",
        )),
        // Its 500 carries a list of errors when it knows what went wrong.
        None if made["errors"].is_array() => Sent::Refused(client.error(&Answer {
            status: answer.status.clamp(400, 499),
            body: made.clone(),
            wait_s: None,
        })),
        None => client.refusal(answer),
    }
}

/// A key that was used before is refused, whatever became of it then.
fn is_known_key(answer: &Answer) -> bool {
    let said = answer.body.to_string().to_ascii_lowercase();
    let is_used = ["already", "duplicate", "used"].iter().any(|word| said.contains(word));
    matches!(answer.status, 400 | 409) && said.contains("idempoten") && is_used
}

fn body(message: &Message) -> Result<Value> {
    let network = channels::network(&message.channel)?;
    let platform = network.ayrshare(&message.channel);
    let mut body = json!({
        "post": message.caption,
        "platforms": [platform],
        "mediaUrls": [message.media_url.as_str()],
        "isVideo": true,
        "idempotencyKey": message.key,
    });
    match message.timing {
        Timing::Draft => body["requiresApproval"] = json!(true),
        Timing::Now => {}
        Timing::Queue => body["autoSchedule"] = json!({ "schedule": true }),
        Timing::At(at_ms) => body["scheduleDate"] = json!(instant(at_ms)),
    }
    if let (Some(Value::Object(options)), Some(body)) =
        (network.options(Scheduler::Ayrshare, message), body.as_object_mut())
    {
        body.extend(options);
    }
    Ok(body)
}

pub(super) async fn find(client: &Client, message: &Message) -> Result<Vec<Receipt>> {
    let network = channels::network(&message.channel)?;
    let platform = network.ayrshare(&message.channel);
    // Without a number only the last 25 are shown.
    let mut url = client.url(&["history"])?;
    url.query_pairs_mut().append_pair("limit", HISTORY).append_pair("platforms", platform);
    let answer = client.ask(with_keys(client, client.inner.http.reads()?.get(url))?).await?;
    let listed = answer.body.get("history").and_then(Value::as_array);
    let listed = listed
        .or_else(|| answer.body.as_array())
        .ok_or_else(|| Error::new(Kind::Protocol, "Ayrshare's history cannot be read."))?;
    let has =
        |list: &Value, word: &str| list.as_array().is_some_and(|list| list.iter().any(|one| one == word));
    Ok(listed
        .iter()
        .filter(|post| {
            has(&post["mediaUrls"], message.media_url.as_str()) && has(&post["platforms"], platform)
        })
        .map(|post| Receipt {
            id: post["id"].as_str().unwrap_or_default().to_owned(),
            status: post["status"].as_str().unwrap_or_default().to_owned(),
            url: None,
        })
        .collect())
}

/// The networks that are linked.
pub(super) async fn accounts(client: &Client) -> Result<Vec<Account>> {
    let answer = client.ask(request(client, reqwest::Method::GET, &["user"], false)?).await?;
    let linked = answer.body["activeSocialAccounts"].as_array().cloned().unwrap_or_default();
    Ok(linked
        .iter()
        .filter_map(Value::as_str)
        .map(|network| Account {
            id: network.to_owned(),
            name: network.to_owned(),
            service: network.to_owned(),
            organization: String::new(),
            closed: None,
            is_paused: false,
        })
        .collect())
}

fn request(
    client: &Client,
    method: reqwest::Method,
    path: &[&str],
    once: bool,
) -> Result<reqwest::RequestBuilder> {
    let http = if once { client.inner.http.writes()? } else { client.inner.http.reads()? };
    with_keys(client, http.request(method, client.url(path)?))
}

fn with_keys(client: &Client, request: reqwest::RequestBuilder) -> Result<reqwest::RequestBuilder> {
    let settings = &client.inner.settings;
    let key = key(settings.ayrshare_key.as_ref(), Scheduler::Ayrshare)?;
    let request = request.bearer_auth(key.reveal());
    Ok(match &settings.ayrshare_profile {
        Some(profile) => request.header("Profile-Key", profile.reveal()),
        None => request,
    })
}
