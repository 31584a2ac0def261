//! Postiz, hosted or one's own (Postiz public API: Integrations, Upload from URL, Posts). Its list shows words and times but
//! no clips, so that a lost message is recognised by both. Where Postiz chooses the time, it cannot be recognised at all.

use serde_json::{Value, json};

use super::call::Answer;
use super::{Account, Client, Message, Receipt, Sent, channels, instant, key};
use crate::error::{Error, Kind, Result};
use crate::model::delivery::{Scheduler, Timing};
use crate::model::job::EpochMs;

/// Around the time of a post, the list is asked for so much.
const AROUND_MS: EpochMs = 24 * 3600 * 1000;

pub(super) fn sent(client: &Client, message: &Message, answer: &Answer) -> Sent {
    if !answer.is_good() {
        return client.refusal(answer);
    }
    match answer.text(&["/0/postId", "/0/id", "/postId", "/id"]) {
        Some(id) => {
            Sent::Accepted(Receipt { id: id.to_owned(), status: message.timing.name().to_owned(), url: None })
        }
        None => Sent::Doubtful(Error::new(
            Kind::Uncertain,
            "Postiz may or may not have the post: its answer does not say.",
        )),
    }
}

pub(super) async fn prepare(client: &Client, message: &Message) -> Result<reqwest::RequestBuilder> {
    let account = account(client, message).await?;
    let body = json!({ "url": message.media_url.as_str() });
    let upload = request(client, reqwest::Method::POST, &["upload-from-url"], false)?.json(&body);
    let answer = client.ask(upload).await?;
    let (Some(id), Some(path)) = (answer.text(&["/id"]), answer.text(&["/path"])) else {
        return Err(Error::new(Kind::Protocol, "Postiz took the clip and did not say where it is."));
    };
    let network = channels::network(&message.channel)?;
    let mut settings = network.options(Scheduler::Postiz, message).unwrap_or_else(|| json!({}));
    settings["__type"] = json!(account.service);
    let kind = match message.timing {
        Timing::Draft => "draft",
        Timing::Now => "now",
        Timing::Queue | Timing::At(_) => "schedule",
    };
    let date = match message.timing {
        Timing::Queue => free_slot(client, &account).await?,
        _ => instant(date_ms(message)),
    };
    let post = json!({
        "type": kind,
        "date": date,
        "shortLink": false,
        "tags": [],
        "posts": [{
            "integration": { "id": account.id },
            "value": [{ "content": message.caption, "image": [{ "id": id, "path": path }] }],
            "settings": settings,
        }],
    });
    Ok(request(client, reqwest::Method::POST, &["posts"], true)?.json(&post))
}

/// The time that stands on a post; one without a time gets that of the wish.
fn date_ms(message: &Message) -> EpochMs {
    match message.timing {
        Timing::At(at_ms) => at_ms,
        Timing::Draft | Timing::Now | Timing::Queue => message.asked_at_ms,
    }
}

/// The next free slot of a channel, as Postiz finds it.
async fn free_slot(client: &Client, account: &Account) -> Result<String> {
    let asked = request(client, reqwest::Method::GET, &["find-slot", &account.id], false)?;
    let answer = client.ask(asked).await?;
    answer.text(&["/date"]).map(str::to_owned).ok_or_else(|| {
        Error::new(Kind::Protocol, "Postiz has no free slot for that channel.")
            .next("Name a time instead of queue.")
    })
}

pub(super) async fn find(client: &Client, message: &Message) -> Result<Vec<Receipt>> {
    let account = account(client, message).await?;
    let at_ms = date_ms(message);
    let mut url = client.url(&["posts"])?;
    url.query_pairs_mut()
        .append_pair("startDate", &instant(at_ms - AROUND_MS))
        .append_pair("endDate", &instant(at_ms + AROUND_MS));
    let asked = with_key(client, client.inner.http.reads()?.get(url))?;
    let answer = client.ask(asked).await?;
    let posts = answer.body["posts"]
        .as_array()
        .ok_or_else(|| Error::new(Kind::Protocol, "Postiz's list of posts cannot be read."))?;
    let date = instant(at_ms);
    let is_ours = |post: &&Value| {
        post["content"] == message.caption.as_str()
            && post["integration"]["id"] == account.id.as_str()
            && same_time(post["publishDate"].as_str(), &date)
    };
    Ok(posts
        .iter()
        .filter(is_ours)
        .map(|post| Receipt {
            id: post["id"].as_str().unwrap_or_default().to_owned(),
            status: post["state"].as_str().unwrap_or_default().to_ascii_lowercase(),
            url: post["releaseURL"].as_str().map(str::to_owned),
        })
        .collect())
}

/// The same second; Postiz drops what is smaller.
fn same_time(listed: Option<&str>, ours: &str) -> bool {
    listed.is_some_and(|listed| listed.get(..19) == ours.get(..19))
}

async fn account(client: &Client, message: &Message) -> Result<Account> {
    let network = channels::network(&message.channel)?;
    let services: Vec<&str> = network.postiz(&message.channel);
    client.account(&message.channel, &services, accounts(client)).await
}

/// The integrations that can be posted to.
pub(super) async fn accounts(client: &Client) -> Result<Vec<Account>> {
    let asked = request(client, reqwest::Method::GET, &["integrations"], false)?;
    let answer = client.ask(asked).await?;
    let listed = answer.body.as_array().ok_or_else(|| client.error(&answer))?;
    let able = listed.iter().filter(|one| one["disabled"] != true);
    Ok(able
        .map(|one| {
            let word = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            Account {
                id: word("id"),
                name: word("name"),
                service: word("identifier"),
                organization: String::new(),
                closed: None,
                is_paused: false,
            }
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
    with_key(client, http.request(method, client.url(path)?))
}

fn with_key(client: &Client, request: reqwest::RequestBuilder) -> Result<reqwest::RequestBuilder> {
    let key = key(client.inner.settings.postiz_key.as_ref(), Scheduler::Postiz)?;
    // Without the word Bearer (Postiz public API, Authentication).
    Ok(request.header(reqwest::header::AUTHORIZATION, key.reveal()))
}
