//! Settings of the schedulers that take posts.

use super::Setting;

/// Where Buffer answers (Buffer developer guide, Introduction).
pub(in crate::config) const BUFFER_URL: &str = "https://api.buffer.com";
/// Where Ayrshare answers (Ayrshare API, Post).
pub(in crate::config) const AYRSHARE_URL: &str = "https://api.ayrshare.com/api";
/// Where Postiz answers (Postiz public API, Introduction).
pub(in crate::config) const POSTIZ_URL: &str = "https://api.postiz.com/public/v1";

pub(super) const SETTINGS: [Setting; 11] = [
    Setting {
        name: "FIRSTCUT_SCHEDULER",
        key: Some("social.scheduler"),
        flag: None,
        form: "`buffer`, `ayrshare`, `postiz` or `hook`",
        default: "the only one that is set up",
        meaning: "Who takes posts, unless a call says otherwise.",
        secret: false,
    },
    Setting {
        name: "BUFFER_API_KEY",
        key: Some("social.buffer_key"),
        flag: None,
        form: "key",
        default: "none",
        meaning: "Your Buffer key.",
        secret: true,
    },
    Setting {
        name: "BUFFER_API_URL",
        key: Some("social.buffer_url"),
        flag: None,
        form: "https address",
        default: "`https://api.buffer.com`",
        meaning: "Where Buffer answers.",
        secret: false,
    },
    Setting {
        name: "AYRSHARE_API_KEY",
        key: Some("social.ayrshare_key"),
        flag: None,
        form: "key",
        default: "none",
        meaning: "Your Ayrshare key.",
        secret: true,
    },
    Setting {
        name: "AYRSHARE_PROFILE_KEY",
        key: Some("social.ayrshare_profile"),
        flag: None,
        form: "key",
        default: "none",
        meaning: "The Ayrshare user profile to post for.",
        secret: true,
    },
    Setting {
        name: "AYRSHARE_API_URL",
        key: Some("social.ayrshare_url"),
        flag: None,
        form: "https address",
        default: "`https://api.ayrshare.com/api`",
        meaning: "Where Ayrshare answers.",
        secret: false,
    },
    Setting {
        name: "POSTIZ_API_KEY",
        key: Some("social.postiz_key"),
        flag: None,
        form: "key",
        default: "none",
        meaning: "Your Postiz key.",
        secret: true,
    },
    Setting {
        name: "POSTIZ_API_URL",
        key: Some("social.postiz_url"),
        flag: None,
        form: "https address",
        default: "`https://api.postiz.com/public/v1`",
        meaning: "Where Postiz answers; your own is `https://HOST/api/public/v1`.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_POST_HOOK_URL",
        key: Some("social.hook_url"),
        flag: None,
        form: "https address",
        default: "none",
        meaning: "An address of your own that takes posts as JSON: `media_url`, `channels`, `caption` and more.",
        secret: true,
    },
    Setting {
        name: "FIRSTCUT_POST_HOOK_SECRET",
        key: Some("social.hook_secret"),
        flag: None,
        form: "secret",
        default: "none: not signed",
        meaning: "Signs messages to that address as Standard Webhooks says.",
        secret: true,
    },
    Setting {
        name: "FIRSTCUT_POST_HOOK_REPEATS",
        key: Some("social.hook_repeats"),
        flag: None,
        form: "1 or 0",
        default: "0",
        meaning: "That address ignores a `webhook-id` that it has seen, so a message whose answer was lost is sent again.",
        secret: false,
    },
];
