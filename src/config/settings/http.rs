//! Settings about callers from outside: notices of the services, and MCP over HTTP.

use super::Setting;

pub(super) const SETTINGS: [Setting; 5] = [
    Setting {
        name: "FIRSTCUT_PUBLIC_URL",
        key: Some("hooks.public_url"),
        flag: None,
        form: "https address",
        default: "none: results are asked for",
        meaning: "Where services reach `firstcut worker --listen` from outside, for notices that shorten the wait.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_WEBHOOK_SIGNATURE",
        key: Some("hooks.signature"),
        flag: None,
        form: "`standard`, or a header and how it is written, such as `x-signature sha256= hex`",
        default: "`standard`",
        meaning: "How notices are signed: Standard Webhooks, or an HMAC-SHA256 of the body in that header; `timestamp:HEADER` when the time is signed too.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_WEBHOOK_SECRETS",
        key: Some("hooks.secrets"),
        flag: None,
        form: "secrets, separated by commas",
        default: "none: notices are not signed",
        meaning: "With any, a notice without a good signature is refused; several while one is replaced.",
        secret: true,
    },
    Setting {
        name: "FIRSTCUT_HTTP_TOKEN",
        key: Some("http.token"),
        flag: None,
        form: "secret, 16 characters or more",
        default: "none: only callers on this machine",
        meaning: "What a caller of `serve --http` must show as `Authorization: Bearer …`. Needed to listen for other machines.",
        secret: true,
    },
    Setting {
        name: "FIRSTCUT_HTTP_HOSTS",
        key: Some("http.hosts"),
        flag: None,
        form: "host names, separated by commas",
        default: "the host of FIRSTCUT_PUBLIC_URL",
        meaning: "Names under which `serve --http` is reached, beside addresses and localhost. Requests for or from pages of other hosts are refused.",
        secret: false,
    },
];
