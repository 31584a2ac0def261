//! Buffer, by its GraphQL interface (Buffer developer guide: Posts & Scheduling, Hosting Media, API Limits).
//!
//! It has no idempotency: a message that may have arrived is looked for in its list, by the clip's address. Whether Buffer
//! keeps that address as it is, its guide does not say; so whatever else appeared on the channel since may be it too.

use serde_json::{Value, json};

use super::call::Answer;
use super::{Account, Client, Found, Message, Receipt, Sent, channels, instant, key};
use crate::error::{Error, Kind, Result};
use crate::model::delivery::{Scheduler, Timing};
use crate::model::job::EpochMs;

const ORGANIZATIONS: &str = "query { account { organizations { id name } } }";
const CHANNELS: &str = "query Channels($organizationId: OrganizationId!) { channels(input: {organizationId: $organizationId}) \
    { id name service isDisconnected isLocked isQueuePaused } }";
const CREATE: &str = "mutation Create($input: CreatePostInput!) { createPost(input: $input) { __typename \
    ... on PostActionSuccess { post { id status dueAt } } ... on MutationError { message } } }";
const POSTS: &str = "query Posts($organizationId: OrganizationId!, $channelIds: [ChannelId!], $after: String) { \
    posts(first: 100, after: $after, input: {organizationId: $organizationId, filter: {channelIds: $channelIds}}) { \
    edges { node { id status text createdAt assets { source } } } pageInfo { hasNextPage endCursor } } }";
/// Buffer's clock and ours may differ by so much.
const CLOCKS_MS: EpochMs = 5 * 60 * 1000;
/// How many pages of the list are read.
const MOST_PAGES: usize = 10;

/// Typed errors that do not prove that nothing was done (Buffer developer guide, Errors).
const UNSURE: [&str; 2] = ["UnexpectedError", "RestProxyError"];

pub(super) async fn prepare(client: &Client, message: &Message) -> Result<reqwest::RequestBuilder> {
    let account = account(client, message).await?;
    refuse_closed(message, &account)?;
    let input = input(message, &account.id)?;
    request(client, CREATE, json!({ "input": input }), true)
}

pub(super) fn sent(client: &Client, message: &Message, answer: &Answer) -> Sent {
    if !answer.is_good() {
        return client.refusal(answer);
    }
    if let Some(error) = graph_error(client, answer) {
        return if error.kind() == Kind::Protocol { Sent::Doubtful(error) } else { Sent::Refused(error) };
    }
    let made = &answer.body["data"]["createPost"];
    if let Some(id) = made["post"]["id"].as_str() {
        let status = made["post"]["status"].as_str().unwrap_or(message.timing.name());
        return Sent::Accepted(Receipt { id: id.to_owned(), status: status.to_owned(), url: None });
    }
    let said = made["message"].as_str().unwrap_or_default();
    match made["__typename"].as_str() {
        Some("UnauthorizedError") => Sent::Refused(client.error(&Answer {
            status: 401,
            body: json!({ "message": said }),
            wait_s: None,
        })),
        Some("LimitReachedError") => Sent::Refused(
            Error::new(Kind::PlanRequired, "The limit of posts at Buffer is reached.")
                .quoting(said)
                .next("Wait until some are sent, or raise the limit there; then publish again."),
        ),
        Some(class) if !UNSURE.contains(&class) => Sent::Refused(
            Error::new(Kind::Declined, "Buffer refused the post.")
                .quoting(said)
                .next("See what it says, change the caption, the channel or the clip, and publish again."),
        ),
        _ => Sent::Doubtful(
            Error::new(Kind::Uncertain, "Buffer may or may not have the post: its answer does not say.")
                .quoting(said),
        ),
    }
}

/// What Buffer would take and never post.
fn refuse_closed(message: &Message, account: &Account) -> Result<()> {
    let paused = account.is_paused && message.timing == Timing::Queue;
    let Some(why) = account.closed.or(paused.then_some("its queue is paused")) else { return Ok(()) };
    let what = format!("Buffer cannot post to {}: {why}. Nothing was posted.", message.channel);
    Err(Error::new(Kind::Config, what).next(if paused && account.closed.is_none() {
        "Start its queue again there, or name a time; then publish again."
    } else {
        "Connect the channel again there, or raise the plan; then publish again."
    }))
}

fn input(message: &Message, channel_id: &str) -> Result<Value> {
    let mut input = json!({
        "channelId": channel_id,
        "text": message.caption,
        "schedulingType": "automatic",
        "aiAssisted": true,
        "assets": [{ "video": { "url": message.media_url.as_str() } }],
    });
    match message.timing {
        Timing::Draft => {
            input["mode"] = json!("addToQueue");
            input["saveToDraft"] = json!(true);
        }
        Timing::Queue => input["mode"] = json!("addToQueue"),
        Timing::Now => input["mode"] = json!("shareNow"),
        Timing::At(at_ms) => {
            input["mode"] = json!("customScheduled");
            input["dueAt"] = json!(instant(at_ms));
        }
    }
    if let Some(metadata) = channels::network(&message.channel)?.options(Scheduler::Buffer, message) {
        input["metadata"] = metadata;
    }
    Ok(input)
}

pub(super) async fn find(client: &Client, message: &Message, since_ms: EpochMs) -> Result<Found> {
    let account = account(client, message).await?;
    let mut found = Found::default();
    let mut after = Value::Null;
    for _ in 0..MOST_PAGES {
        let variables =
            json!({ "organizationId": account.organization, "channelIds": [account.id], "after": after });
        let page = query(client, POSTS, variables).await?;
        let posts = &page["data"]["posts"];
        let Some(edges) = posts["edges"].as_array() else {
            return Err(Error::new(Kind::Protocol, "Buffer's list of posts cannot be read."));
        };
        for node in edges.iter().map(|edge| &edge["node"]) {
            let receipt = Receipt {
                id: node["id"].as_str().unwrap_or_default().to_owned(),
                status: node["status"].as_str().unwrap_or_default().to_owned(),
                url: None,
            };
            match is_ours(node, message, since_ms) {
                Some(true) => found.ours.push(receipt),
                None => found.perhaps.push(receipt),
                Some(false) => {}
            }
        }
        after = posts["pageInfo"]["endCursor"].clone();
        if posts["pageInfo"]["hasNextPage"] != true || after.is_null() {
            return Ok(found);
        }
    }
    if found.ours.is_empty() {
        return Err(Error::new(Kind::Protocol, "Buffer's list of posts is too long to be read whole."));
    }
    Ok(found)
}

/// Whether a post in the list is this message; none when it may be.
fn is_ours(node: &Value, message: &Message, since_ms: EpochMs) -> Option<bool> {
    let assets = node["assets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sources: Vec<&str> = assets.iter().filter_map(|asset| asset["source"].as_str()).collect();
    if sources.contains(&message.media_url.as_str()) {
        return Some(true);
    }
    // Another clip from where ours lies: so Buffer shows addresses as they were given.
    let from_there = |source: &&str| {
        source.parse::<url::Url>().is_ok_and(|source| source.origin() == message.media_url.origin())
    };
    if sources.iter().any(from_there) {
        return Some(false);
    }
    let created = node["createdAt"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    match created {
        Some(at) if at.as_millisecond() < since_ms - CLOCKS_MS => Some(false),
        _ => None,
    }
}

async fn account(client: &Client, message: &Message) -> Result<Account> {
    let network = channels::network(&message.channel)?;
    let services = [network.service(&message.channel)];
    client.account(&message.channel, &services, accounts(client)).await
}

/// Every channel of every organisation.
pub(super) async fn accounts(client: &Client) -> Result<Vec<Account>> {
    let organizations = query(client, ORGANIZATIONS, json!({})).await?;
    let mut accounts = Vec::new();
    for organization in organizations["data"]["account"]["organizations"].as_array().into_iter().flatten() {
        let Some(id) = organization["id"].as_str() else { continue };
        let listed = query(client, CHANNELS, json!({ "organizationId": id })).await?;
        for channel in listed["data"]["channels"].as_array().into_iter().flatten() {
            let word = |name: &str| channel[name].as_str().unwrap_or_default().to_owned();
            let closed = [
                ("isDisconnected", "it is disconnected there"),
                ("isLocked", "it is locked there, as a plan that allows fewer channels does"),
            ];
            accounts.push(Account {
                id: word("id"),
                name: word("name"),
                service: word("service"),
                organization: id.to_owned(),
                closed: closed.into_iter().find(|(name, _)| channel[name] == true).map(|(_, why)| why),
                is_paused: channel["isQueuePaused"] == true,
            });
        }
    }
    Ok(accounts)
}

async fn query(client: &Client, query: &str, variables: Value) -> Result<Value> {
    let answer = client.ask(request(client, query, variables, false)?).await?;
    match graph_error(client, &answer) {
        Some(error) => Err(error),
        None => Ok(answer.body),
    }
}

fn request(client: &Client, query: &str, variables: Value, once: bool) -> Result<reqwest::RequestBuilder> {
    let key = key(client.inner.settings.buffer_key.as_ref(), Scheduler::Buffer)?;
    let http = if once { client.inner.http.writes()? } else { client.inner.http.reads()? };
    let body = json!({ "query": query, "variables": variables });
    Ok(http.post(client.inner.base.clone()).bearer_auth(key.reveal()).json(&body))
}

/// The errors beside the data; they come with HTTP 200. `Protocol` when they prove nothing.
fn graph_error(client: &Client, answer: &Answer) -> Option<Error> {
    let error = answer.body["errors"].as_array()?.first()?;
    let said = error["message"].as_str().unwrap_or_default();
    let status = match error["extensions"]["code"].as_str().unwrap_or_default() {
        "UNAUTHORIZED" | "UNAUTHENTICATED" | "FORBIDDEN" => 401,
        "NOT_FOUND" => 404,
        "RATE_LIMIT_EXCEEDED" => 429,
        "GRAPHQL_VALIDATION_FAILED" | "BAD_USER_INPUT" | "GRAPHQL_PARSE_FAILED" => 400,
        _ => {
            let what = "Buffer answered with an error that does not say what was done.";
            return Some(Error::new(Kind::Protocol, what).quoting(said));
        }
    };
    Some(client.error(&Answer { status, body: json!({ "message": said }), wait_s: answer.wait_s }))
}
