//! Outputs: the addresses of finished clips, which hide in one of many places.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::net::http::is_loopback_name;
use crate::redact::SafeUrl;

/// Parts of an answer that may hold the result, the whole first.
const ROOTS: [&str; 6] = ["", "/result", "/payload", "/result/result", "/data", "/job"];

/// Where services put addresses, the likeliest first. A list is meant wherever one is found.
const PLACES: [&str; 17] = [
    "/outputs",
    "/output/video_url",
    "/output/url",
    "/output",
    "/video_url",
    "/video/url",
    "/video",
    "/videos",
    "/generatedSamples",
    "/generated_videos",
    "/url",
    "/output_url",
    "/file_url",
    "/data",
    "/result",
    // Last, because this is where images would be.
    "/generated_images",
    "/images",
];

/// How an item of a list names its address.
const ITEM_FIELDS: [&str; 7] =
    ["/url", "/uri", "/video_url", "/video/url", "/video/uri", "/output_url", "/file_url"];

/// More than any job makes.
const MOST: usize = 32;

/// Endings of addresses that are pictures.
const PICTURES: [&str; 7] = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif"];

/// An address where a clip was said to be. It is a stranger's word: fetch it through the guard, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaUrl {
    /// The address; it may be signed.
    pub url: SafeUrl,
    /// Where in the answer it stood, as a JSON pointer.
    pub found_at: String,
}

/// The addresses of clips in an answer. The first place that has a usable one gives all of its own.
pub(super) fn find(answer: &Value, allow_loopback: bool) -> Vec<MediaUrl> {
    let bare = answer.is_array().then(|| (String::new(), answer));
    let places = PLACES.iter().flat_map(|place| ROOTS.iter().map(move |root| format!("{root}{place}")));
    let found = places.filter_map(|place| answer.pointer(&place).map(|value| (place, value)));
    for (place, value) in bare.into_iter().chain(found) {
        let mut seen = BTreeSet::new();
        let media: Vec<MediaUrl> = candidates(value, &place)
            .into_iter()
            .filter_map(|(found_at, text)| {
                let url = usable(text, allow_loopback)?;
                seen.insert(url.clone()).then(|| MediaUrl { url: SafeUrl::new(url), found_at })
            })
            .take(MOST)
            .collect();
        if !media.is_empty() {
            return media;
        }
    }
    Vec::new()
}

/// Texts that may be addresses: the value itself, its usual fields, or those of its items.
fn candidates<'a>(value: &'a Value, place: &str) -> Vec<(String, &'a str)> {
    match value {
        Value::String(text) => vec![(place.to_owned(), text)],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter(|(_, item)| !item.is_array())
            .flat_map(|(number, item)| candidates(item, &format!("{place}/{number}")))
            .collect(),
        Value::Object(_) => ITEM_FIELDS
            .iter()
            .filter_map(|field| Some((format!("{place}{field}"), value.pointer(field)?.as_str()?)))
            .collect(),
        _ => Vec::new(),
    }
}

/// An encrypted address that does not end like a picture's.
fn usable(text: &str, allow_loopback: bool) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let local = allow_loopback && url.scheme() == "http" && is_loopback_name(&url);
    let plain = url.username().is_empty() && url.password().is_none();
    let path = url.path().to_ascii_lowercase();
    let picture = PICTURES.iter().any(|ending| path.ends_with(ending));
    ((url.scheme() == "https" || local) && url.has_host() && plain && !picture).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const URL: &str = "https://media.example/clip.mp4?sig=abc";

    fn found(answer: &Value) -> Vec<(String, String)> {
        find(answer, false).into_iter().map(|it| (it.found_at, it.url.reveal().to_string())).collect()
    }

    #[test]
    fn every_hiding_place() {
        for (answer, place) in [
            (json!({"outputs": [{"url": URL}]}), "/outputs/0/url"),
            (json!({"outputs": [URL]}), "/outputs/0"),
            (json!({"output": {"video_url": URL}}), "/output/video_url"),
            (json!({"output": {"url": URL}}), "/output/url"),
            (json!({"output": URL}), "/output"),
            (json!({"output": [URL]}), "/output/0"),
            (json!({"job_id": "a", "status": "completed", "video_url": URL}), "/video_url"),
            (json!({"video": {"url": URL}}), "/video/url"),
            (json!({"video": URL}), "/video"),
            (json!({"payload": {"videos": [URL]}}), "/payload/videos/0"),
            (json!({"generatedSamples": [{"video": {"uri": URL}}]}), "/generatedSamples/0/video/uri"),
            (json!({"result": {"generated_videos": [{"url": URL}]}}), "/result/generated_videos/0/url"),
            (json!({"url": URL}), "/url"),
            (json!({"result": {"output_url": URL}}), "/result/output_url"),
            (json!({"file_url": URL}), "/file_url"),
            (json!({"data": [{"url": URL}]}), "/data/0/url"),
            (json!({"data": [URL]}), "/data/0"),
            (json!({"data": {"video_url": URL}}), "/data/video_url"),
            (json!({"result": {"result": {"outputs": [{"url": URL}]}}}), "/result/result/outputs/0/url"),
            (json!({"result": {"video_url": URL}}), "/result/video_url"),
            (json!({"result": URL}), "/result"),
            (json!({"payload": {"generated_images": [{"url": URL}]}}), "/payload/generated_images/0/url"),
            (json!([URL]), "/0"),
            (json!({"outputs": [], "video_url": URL}), "/video_url"),
            (json!({"outputs": [{"url": "https://a.example/poster.png"}], "video_url": URL}), "/video_url"),
        ] {
            assert_eq!(found(&answer), [(place.to_owned(), URL.to_owned())], "{answer}");
        }
    }

    #[test]
    fn several_clips_once_each() {
        let other = "https://media.example/two.mp4";
        let answer = json!({"result": {"videos": [{"url": URL}, {"url": other}, {"url": URL}]}, "url": URL});
        let places: Vec<_> = found(&answer["result"]).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, ["/videos/0/url", "/videos/1/url"]);
    }

    #[test]
    fn what_is_no_clip() {
        for text in [
            "http://media.example/clip.mp4",
            "https://u:p@media.example/clip.mp4",
            "https://media.example/clip.PNG?sig=1",
            "http://127.0.0.1/clip.mp4",
            "javascript:alert(1)",
            "file:///clip.mp4",
            "/media/clip.mp4",
            "",
        ] {
            assert_eq!(found(&json!({"outputs": [{"url": text}]})), [], "{text}");
        }
        for answer in [
            json!(null),
            json!({}),
            json!({"outputs": {}}),
            json!({"outputs": [[URL]]}),
            json!({"text": URL}),
        ] {
            assert_eq!(found(&answer), [], "{answer}");
        }
        assert_eq!(find(&json!({"url": "http://127.0.0.1:9/clip.mp4"}), true).len(), 1);
        assert_eq!(find(&json!({"url": "http://10.0.0.1/clip.mp4"}), true).len(), 0);
    }
}
