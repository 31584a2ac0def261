//! Ayrshare's endpoints for posts, their history and the linked networks.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{NETWORKS, Social, SocialPost, is_known, is_lasting};

fn refused(status: StatusCode, code: u32, message: &str) -> Response {
    let error = json!({ "action": "post", "status": "error", "code": code, "message": message });
    (status, Json(json!({ "status": "error", "errors": [error], "postIds": [] }))).into_response()
}

fn stranger() -> Response {
    refused(StatusCode::FORBIDDEN, 102, "API Key not valid.")
}

pub(super) async fn create(
    State(social): State<Arc<Social>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    if !is_known(&headers, true) {
        return stranger();
    }
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let key = asked["idempotencyKey"].as_str().map(str::to_owned);
    let known = key.as_deref().map(|key| social.repeated("ayrshare", key)).transpose();
    match known {
        Ok(Some(Some(_))) => {
            return refused(StatusCode::BAD_REQUEST, 167, "The idempotencyKey has already been used.");
        }
        Ok(_) => {}
        Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
    let (Some(platform), None) = (asked["platforms"][0].as_str(), asked["platforms"].get(1)) else {
        return refused(StatusCode::BAD_REQUEST, 101, "The sandbox takes one platform a post.");
    };
    if !NETWORKS.contains(&platform) {
        return refused(StatusCode::BAD_REQUEST, 156, "This platform is not linked.");
    }
    // Since 31 March 2026 (Ayrshare documentation, X BYO keys).
    let has_keys = ["X-Twitter-OAuth1-Api-Key", "X-Twitter-OAuth1-Api-Secret"]
        .iter()
        .all(|name| headers.contains_key(*name));
    if platform == "twitter" && !has_keys {
        return refused(StatusCode::BAD_REQUEST, 101, "X needs the API keys of your own developer app.");
    }
    if platform == "pinterest" && !asked["pinterestOptions"]["boardId"].is_string() {
        return refused(StatusCode::BAD_REQUEST, 101, "pinterestOptions.boardId is required.");
    }
    let media_url = asked["mediaUrls"][0].as_str().unwrap_or_default();
    if !is_lasting(media_url) {
        return refused(StatusCode::BAD_REQUEST, 168, "The media URL is not public.");
    }
    let due_at = asked["scheduleDate"].as_str().map(str::to_owned);
    let status = if asked["requiresApproval"] == true {
        "awaiting approval"
    } else if due_at.is_some() || asked["autoSchedule"]["schedule"] == true {
        "scheduled"
    } else {
        "success"
    };
    let taken = social.take(SocialPost {
        id: social.fresh("ayr"),
        scheduler: "ayrshare".to_owned(),
        channel: platform.to_owned(),
        caption: text("post"),
        media_url: media_url.to_owned(),
        status: status.to_owned(),
        due_at,
        key,
        ..SocialPost::default()
    });
    match taken {
        Ok(post) => Json(json!({
            "status": post.status,
            "id": post.id,
            "refId": "sandbox",
            "post": post.caption,
            "scheduleDate": post.due_at,
            "errors": [],
            "postIds": [],
        }))
        .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

pub(super) async fn history(
    State(social): State<Arc<Social>>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !is_known(&headers, true) {
        return stranger();
    }
    // 25 unless it is asked for more.
    let most = asked.get("limit").and_then(|most| most.parse().ok()).unwrap_or(25);
    let listed: Vec<Value> = social
        .of("ayrshare")
        .iter()
        .rev()
        .filter(|post| asked.get("platforms").is_none_or(|platform| *platform == post.channel))
        .take(most)
        .map(|post| {
            json!({
                "id": post.id,
                "post": post.caption,
                "platforms": [post.channel],
                "mediaUrls": [post.media_url],
                "status": post.status,
                "scheduleDate": post.due_at,
            })
        })
        .collect();
    Json(json!({ "history": listed, "count": listed.len() })).into_response()
}

pub(super) async fn user(headers: HeaderMap) -> Response {
    if !is_known(&headers, true) {
        return stranger();
    }
    Json(json!({ "activeSocialAccounts": NETWORKS, "refId": "sandbox" })).into_response()
}
