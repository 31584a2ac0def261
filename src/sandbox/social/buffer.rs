//! Buffer's one endpoint: the few queries of its public guide that concern posts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{NETWORKS, Social, SocialPost, is_known, is_lasting};

pub(super) async fn graph(
    State(social): State<Arc<Social>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    if !is_known(&headers, true) {
        let error = json!([{ "message": "Not authenticated", "extensions": { "code": "UNAUTHENTICATED" } }]);
        return (StatusCode::UNAUTHORIZED, Json(json!({ "errors": error }))).into_response();
    }
    let query = asked["query"].as_str().unwrap_or_default();
    let variables = &asked["variables"];
    let data = if query.contains("createPost(") {
        match create(&social, &variables["input"]) {
            Ok(made) => json!({ "createPost": made }),
            Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    } else if query.contains("posts(") {
        json!({ "posts": posts(&social, &variables["channelIds"]) })
    } else if query.contains("channels(") {
        let channels = NETWORKS.iter().map(|network| {
            json!({
                "id": id(network), "name": "sandbox", "service": network,
                "isDisconnected": false, "isLocked": false, "isQueuePaused": false,
            })
        });
        json!({ "channels": channels.collect::<Vec<_>>() })
    } else if query.contains("organizations") {
        json!({ "account": { "organizations": [{ "id": "org_sandbox", "name": "Sandbox" }] } })
    } else {
        let error =
            json!([{ "message": "Unknown query", "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" } }]);
        return Json(json!({ "errors": error })).into_response();
    };
    Json(json!({ "data": data })).into_response()
}

fn id(network: &str) -> String {
    format!("ch_{network}")
}

fn refused(message: &str) -> Value {
    json!({ "__typename": "InvalidInputError", "message": message })
}

fn create(social: &Social, input: &Value) -> std::io::Result<Value> {
    let channel = NETWORKS.iter().find(|network| input["channelId"] == id(network).as_str());
    let Some(channel) = channel else {
        return Ok(json!({ "__typename": "NotFoundError", "message": "Channel not found" }));
    };
    let Some(media_url) = input["assets"][0]["video"]["url"].as_str() else {
        return Ok(refused("assets must be an ordered array with a video that has a url"));
    };
    if !is_lasting(media_url) {
        return Ok(refused("The video must be at a public, permanent address"));
    }
    if input["schedulingType"] != "automatic" {
        return Ok(refused("schedulingType must be automatic or notification"));
    }
    let metadata = &input["metadata"];
    let complete = match *channel {
        "instagram" => {
            metadata["instagram"]["type"].is_string()
                && metadata["instagram"]["shouldShareToFeed"].is_boolean()
        }
        "youtube" => {
            metadata["youtube"]["title"].is_string() && metadata["youtube"]["categoryId"].is_string()
        }
        "pinterest" => metadata["pinterest"]["boardServiceId"].is_string(),
        _ => true,
    };
    if !complete {
        return Ok(refused("The channel's metadata is incomplete"));
    }
    let due_at = input["dueAt"].as_str().map(str::to_owned);
    let draft = input["saveToDraft"] == true;
    let status = match (input["mode"].as_str(), draft) {
        (Some("addToQueue" | "shareNow" | "shareNext" | "customScheduled"), true) => "draft",
        (Some("customScheduled"), _) if due_at.is_none() => return Ok(refused("dueAt is required")),
        (Some("addToQueue" | "customScheduled" | "shareNext"), _) => "scheduled",
        (Some("shareNow"), _) => "sent",
        _ => return Ok(refused("mode is not known")),
    };
    let post = social.take(SocialPost {
        id: social.fresh("buf"),
        scheduler: "buffer".to_owned(),
        channel: (*channel).to_owned(),
        caption: input["text"].as_str().unwrap_or_default().to_owned(),
        media_url: media_url.to_owned(),
        status: status.to_owned(),
        due_at,
        ..SocialPost::default()
    })?;
    Ok(json!({
        "__typename": "PostActionSuccess",
        "post": { "id": post.id, "status": post.status, "dueAt": post.due_at },
    }))
}

fn posts(social: &Social, channels: &Value) -> Value {
    let wanted = |post: &SocialPost| {
        channels
            .as_array()
            .is_none_or(|channels| channels.iter().any(|one| one == id(&post.channel).as_str()))
    };
    let edges: Vec<Value> = social
        .of("buffer")
        .iter()
        .filter(|post| wanted(post))
        .map(|post| {
            json!({ "node": {
                "id": post.id,
                "status": post.status,
                "text": post.caption,
                "createdAt": jiff::Timestamp::from_millisecond(post.at_ms).unwrap_or_default().to_string(),
                "assets": [{ "source": post.media_url }],
            } })
        })
        .collect();
    json!({ "edges": edges, "pageInfo": { "hasNextPage": false, "endCursor": null } })
}
