//! Postiz' public API: integrations, clips by address, posts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Social, SocialPost, is_known, is_lasting};

/// The channels, by Postiz' names.
const CHANNELS: [&str; 9] =
    ["tiktok", "instagram", "youtube", "x", "facebook", "linkedin", "threads", "bluesky", "pinterest"];

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "msg": message }))).into_response()
}

fn stranger() -> Response {
    refused(StatusCode::UNAUTHORIZED, "Invalid API key")
}

fn id(channel: &str) -> String {
    format!("int-{channel}")
}

pub(super) async fn integrations(headers: HeaderMap) -> Response {
    if !is_known(&headers, false) {
        return stranger();
    }
    let listed = CHANNELS.iter().map(
        |channel| json!({ "id": id(channel), "name": "sandbox", "identifier": channel, "disabled": false }),
    );
    Json(listed.collect::<Vec<_>>()).into_response()
}

pub(super) async fn upload(
    State(social): State<Arc<Social>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    if !is_known(&headers, false) {
        return stranger();
    }
    let url = asked["url"].as_str().unwrap_or_default();
    if !is_lasting(url) {
        return refused(StatusCode::BAD_REQUEST, "The url cannot be fetched");
    }
    let media = social.fresh("med");
    match social.media.put(&media, url.to_owned()) {
        Ok(()) => Json(json!({
            "id": media,
            "name": "clip.mp4",
            "path": format!("https://uploads.postiz.example/{media}.mp4"),
        }))
        .into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub(super) async fn slot(State(social): State<Arc<Social>>, headers: HeaderMap) -> Response {
    if !is_known(&headers, false) {
        return stranger();
    }
    let taken = social.of("postiz").len() as i64;
    let at = jiff::Timestamp::from_millisecond(social.clock.now_ms() + (taken + 1) * 3_600_000)
        .unwrap_or_default();
    Json(json!({ "date": format!("{at:.3}") })).into_response()
}

pub(super) async fn create(
    State(social): State<Arc<Social>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    if !is_known(&headers, false) {
        return stranger();
    }
    let Some(date) = asked["date"].as_str() else {
        return refused(StatusCode::BAD_REQUEST, "date is required");
    };
    let now_ms = social.clock.now_ms();
    // It does not look at the date of what appears at once: that gets the minute of its own clock.
    let minute =
        format!("{:.0}", jiff::Timestamp::from_millisecond(now_ms - now_ms % 60_000).unwrap_or_default());
    let date = if asked["type"] == "now" { minute.as_str() } else { date };
    let status = match asked["type"].as_str() {
        Some("draft") => "DRAFT",
        Some("now") => "PUBLISHED",
        Some("schedule") => "QUEUE",
        _ => return refused(StatusCode::BAD_REQUEST, "type must be now, schedule or draft"),
    };
    let mut made = Vec::new();
    for one in asked["posts"].as_array().into_iter().flatten() {
        let channel = CHANNELS.iter().find(|channel| one["integration"]["id"] == id(channel).as_str());
        let media = one["value"][0]["image"][0]["id"].as_str().and_then(|media| social.media.get(media));
        let (Some(channel), Some(media_url)) = (channel, media) else {
            return refused(StatusCode::BAD_REQUEST, "integration or media is not known");
        };
        if one["settings"]["__type"] != *channel {
            return refused(StatusCode::BAD_REQUEST, "settings.__type must be that of the integration");
        }
        let has = |name: &str, least: usize| {
            one["settings"][name].as_str().is_some_and(|text| text.chars().count() >= least)
        };
        let complete = match *channel {
            "youtube" => has("title", 2) && has("type", 1),
            "pinterest" => has("board", 1),
            _ => true,
        };
        if !complete {
            return refused(StatusCode::BAD_REQUEST, "a setting of the channel is missing or too short");
        }
        let taken = social.take(SocialPost {
            id: social.fresh("ptz"),
            scheduler: "postiz".to_owned(),
            channel: (*channel).to_owned(),
            caption: one["value"][0]["content"].as_str().unwrap_or_default().to_owned(),
            media_url,
            status: status.to_owned(),
            due_at: Some(date.to_owned()),
            ..SocialPost::default()
        });
        match taken {
            Ok(post) => made.push(json!({ "postId": post.id, "integration": id(channel) })),
            Err(error) => return refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
    Json(made).into_response()
}

pub(super) async fn list(State(social): State<Arc<Social>>, headers: HeaderMap) -> Response {
    if !is_known(&headers, false) {
        return stranger();
    }
    let listed: Vec<Value> = social
        .of("postiz")
        .iter()
        .map(|post| {
            json!({
                "id": post.id,
                "content": post.caption,
                // Milliseconds are dropped, as its database does.
                "publishDate": post.due_at.as_deref().and_then(|date| date.get(..19)).map(|date| format!("{date}.000Z")),
                "state": post.status,
                "integration": { "id": id(&post.channel), "providerIdentifier": post.channel },
            })
        })
        .collect();
    Json(json!({ "posts": listed })).into_response()
}
