//! The table of settings: what exists, what it is called in each place, what it means.
//!
//! README's table is compared with this one by a test.

/// Where NemoVideo answers (NemoVideo skill, API base).
pub(super) const API_URL: &str = "https://mega-api-prod.nemovideo.ai";
/// Where its people register and top up.
pub(super) const WEB_URL: &str = "https://nemovideo.com";

/// Where SkillBoss answers standard keys (SkillBoss pipeline page).
pub(super) const SKILLBOSS_API_URL: &str = "https://api.heybossai.com/v1";
/// Where it answers wholesale keys (SkillBoss wholesale API page).
pub(super) const SKILLBOSS_WHOLESALE_URL: &str = "https://api.skillboss.co/v1";
/// Its control plane: estimates, rules, receipts, trial wallets (SkillBoss pipeline page).
pub(super) const SKILLBOSS_WEB_URL: &str = "https://www.skillboss.co";

/// One thing that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The key in `firstcut.toml`, with a dot for its table; none when the file cannot set it.
    pub key: Option<&'static str>,
    /// The flag on the command line, if there is one.
    pub flag: Option<&'static str>,
    /// What is written there, and the default.
    pub form: &'static str,
    /// What it is without any word.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Its value is never shown.
    pub secret: bool,
}

/// Every setting, in the order of the documentation.
pub const SETTINGS: [Setting; 33] = [
    Setting {
        name: "FIRSTCUT_HOME",
        key: None,
        flag: Some("--home"),
        form: "folder",
        default: "the platform's folders",
        meaning: "One folder for settings, ledger, cached token, sandbox and finished videos.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_SERVICE",
        key: Some("service"),
        flag: Some("--service"),
        form: "`auto`, `nemo`, `skillboss` or `sandbox`",
        default: "`auto`",
        meaning: "Who makes the video. `auto` is SkillBoss when its key is set and the model is one of its, else NemoVideo; the sandbox is used only when named.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_WAIT_S",
        key: Some("wait_s"),
        flag: None,
        form: "seconds, 0 to 3600",
        default: "45, more for clients that allow it",
        meaning: "How long a tool call waits for its job before it answers \"still running\".",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_POLL_S",
        key: Some("poll_s"),
        flag: None,
        form: "seconds, 0.01 to 3600",
        default: "30; sandbox: 1",
        meaning: "Pause between two status questions to a service.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_FILES",
        key: Some("files"),
        flag: None,
        form: "folders, separated as in PATH; a list in the file",
        default: "Desktop, Documents, Downloads, Movies/Videos, Pictures, Music",
        meaning: "Folders that may be read and written, beside the working folder and the output folder.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_OUTPUT",
        key: Some("output"),
        flag: None,
        form: "folder",
        default: "`firstcut` in Movies/Videos; `output` in FIRSTCUT_HOME",
        meaning: "Where videos go when no path is named.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_PREVIEW",
        key: Some("preview"),
        flag: None,
        form: "`none`, `poster` or `sheet`",
        default: "`sheet`",
        meaning: "The picture that is made beside a finished video and shown to the assistant: one frame, or nine.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_PREVIEW_KB",
        key: Some("preview_kb"),
        flag: None,
        form: "whole number, 10 to 500",
        default: "200",
        meaning: "No preview is larger, in kilobytes.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_STRICT",
        key: Some("strict"),
        flag: None,
        form: "1 or 0",
        default: "0",
        meaning: "A video that fails its delivery check, or cannot be checked, is an error (`check_failed`). The file is kept.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_FFMPEG",
        key: Some("ffmpeg"),
        flag: None,
        form: "program or path",
        default: "not used",
        meaning: "An installed ffmpeg, for clips that the built-in codecs do not read. Never needed.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_ALLOW_LOOPBACK",
        key: Some("allow_loopback"),
        flag: None,
        form: "1 or 0",
        default: "0",
        meaning: "Lets services and downloads be on this machine, for a sandbox that runs by itself.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_MAX_USD_PER_CALL",
        key: Some("budget.max_per_call"),
        flag: None,
        form: "dollars",
        default: "no limit",
        meaning: "The most that one call may cost at SkillBoss; `max_cost_usd` of a call may only lower it.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_MAX_USD_PER_DAY",
        key: Some("budget.max_per_day"),
        flag: None,
        form: "dollars",
        default: "no limit",
        meaning: "The most that is spent at SkillBoss from midnight to midnight UTC, over all processes of this ledger.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_MAX_USD_PER_WEEK",
        key: Some("budget.max_per_week"),
        flag: None,
        form: "dollars",
        default: "no limit",
        meaning: "The same from Monday to Monday UTC.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_MAX_USD_PER_BATCH",
        key: Some("budget.max_per_batch"),
        flag: None,
        form: "dollars",
        default: "no limit",
        meaning: "The most that the calls of one batch may cost together.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_APPROVE_ABOVE_USD",
        key: Some("budget.approve_above"),
        flag: None,
        form: "dollars",
        default: "5; sandbox: never",
        meaning: "What may cost more waits for a person's word before anything is sent.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_ALLOW_UNKNOWN_PRICE",
        key: Some("budget.allow_unknown_price"),
        flag: None,
        form: "1 or 0",
        default: "0",
        meaning: "Lets models be used whose price nobody knows, up to the cap of the call, which must be set then.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_CATALOG",
        key: Some("catalog"),
        flag: None,
        form: "file",
        default: "`catalog.toml` beside the settings file, if it exists",
        meaning: "Models, limits and prices of your own, laid over the built-in ones.",
        secret: false,
    },
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
    Setting {
        name: "FIRSTCUT_LOG",
        key: Some("log"),
        flag: None,
        form: "`level,target=level,…`",
        default: "`warn,rmcp=warn`",
        meaning: "What is logged to stderr.",
        secret: false,
    },
    Setting {
        name: "NEMO_TOKEN",
        key: Some("nemo.token"),
        flag: None,
        form: "token",
        default: "an anonymous account, made at the first call",
        meaning: "Your NemoVideo token. It is never swapped for another account.",
        secret: true,
    },
    Setting {
        name: "NEMO_API_URL",
        key: Some("nemo.api_url"),
        flag: None,
        form: "https address",
        default: "`https://mega-api-prod.nemovideo.ai`",
        meaning: "Where NemoVideo answers.",
        secret: false,
    },
    Setting {
        name: "NEMO_WEB_URL",
        key: Some("nemo.web_url"),
        flag: None,
        form: "https address",
        default: "`https://nemovideo.com`",
        meaning: "Where links for people lead: registration, plans.",
        secret: false,
    },
    Setting {
        name: "NEMO_CLIENT_ID",
        key: Some("nemo.client_id"),
        flag: None,
        form: "up to 64 printable characters",
        default: "a random UUID, kept",
        meaning: "The name under which anonymous tokens are asked for.",
        secret: false,
    },
    Setting {
        name: "SKILL_SOURCE",
        key: Some("nemo.skill_source"),
        flag: None,
        form: "up to 64 printable characters",
        default: "`clawhub` or `cursor` by the install path, else `unknown`",
        meaning: "Where this skill was installed from, told to NemoVideo as `X-Skill-Platform`.",
        secret: false,
    },
    Setting {
        name: "SKILLBOSS_API_KEY",
        key: Some("skillboss.api_key"),
        flag: None,
        form: "key",
        default: "none; SkillBoss is not used",
        meaning: "Your SkillBoss key.",
        secret: true,
    },
    Setting {
        name: "SKILLBOSS_WHOLESALE_KEY",
        key: Some("skillboss.wholesale_key"),
        flag: None,
        form: "key",
        default: "none",
        meaning: "Your SkillBoss wholesale key. Beside a standard key it is the one that pays for videos.",
        secret: true,
    },
    Setting {
        name: "SKILLBOSS_API_URL",
        key: Some("skillboss.api_url"),
        flag: None,
        form: "https address",
        default: "`https://api.heybossai.com/v1`; with a wholesale key `https://api.skillboss.co/v1`",
        meaning: "Where SkillBoss answers.",
        secret: false,
    },
    Setting {
        name: "SKILLBOSS_WEB_URL",
        key: Some("skillboss.web_url"),
        flag: None,
        form: "https address",
        default: "`https://www.skillboss.co`",
        meaning: "Where SkillBoss answers questions about estimates, rules, receipts and trial wallets.",
        secret: false,
    },
];

/// The setting of that name.
pub(super) fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
