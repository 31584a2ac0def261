//! An address of one's own: takes the pipeline page's queue message when it is signed, and nothing else.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use super::{SOCIAL_KEY, Social, SocialPost, is_lasting};

pub(super) async fn take(State(social): State<Arc<Social>>, headers: HeaderMap, body: Bytes) -> Response {
    let refused =
        |status: StatusCode, message: &str| (status, Json(json!({ "message": message }))).into_response();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let [signature, id, at] =
        ["webhook-signature", "webhook-id", "webhook-timestamp"].map(|name| header(name).unwrap_or_default());
    if !is_signed(&signature, &id, &at, &body) {
        return refused(StatusCode::UNAUTHORIZED, "the signature is missing or does not fit");
    }
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "the body is no JSON");
    };
    let (Some(media_url), Some(channel)) = (asked["media_url"].as_str(), asked["channels"][0].as_str())
    else {
        return refused(StatusCode::BAD_REQUEST, "media_url and channels are required");
    };
    if !is_lasting(media_url) {
        return refused(StatusCode::BAD_REQUEST, "media_url must be public and permanent");
    }
    let key = header("webhook-id");
    let answer = |post: &SocialPost| Json(json!({ "id": post.id, "status": post.status })).into_response();
    match key.as_deref().map(|key| social.repeated("hook", key)).transpose() {
        Ok(Some(Some(post))) => return answer(&post),
        Ok(_) => {}
        Err(error) => return refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
    let due_at = asked["publish_at"].as_str().map(str::to_owned);
    let status = match (asked["draft"] == true, &due_at) {
        (true, _) => "draft",
        (false, Some(_)) => "scheduled",
        (false, None) => "queued",
    };
    let taken = social.take(SocialPost {
        id: social.fresh("hook"),
        scheduler: "hook".to_owned(),
        channel: channel.to_owned(),
        caption: asked["caption"].as_str().unwrap_or_default().to_owned(),
        media_url: media_url.to_owned(),
        status: status.to_owned(),
        due_at,
        key,
        ..SocialPost::default()
    });
    match taken {
        Ok(post) => answer(&post),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn is_signed(given: &str, id: &str, at: &str, body: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SOCIAL_KEY.as_bytes());
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body].concat();
    given
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .any(|sum| hmac::verify(&key, &signed, &sum).is_ok())
}
