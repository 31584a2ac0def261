//! Settings of the services that make videos.

use super::Setting;

/// Where NemoVideo answers (NemoVideo skill, API base).
pub(in crate::config) const API_URL: &str = "https://mega-api-prod.nemovideo.ai";
/// Where its people register and top up.
pub(in crate::config) const WEB_URL: &str = "https://nemovideo.com";

/// Where SkillBoss answers standard keys (SkillBoss pipeline page).
pub(in crate::config) const SKILLBOSS_API_URL: &str = "https://api.heybossai.com/v1";
/// Where it answers wholesale keys (SkillBoss wholesale API page).
pub(in crate::config) const SKILLBOSS_WHOLESALE_URL: &str = "https://api.skillboss.co/v1";
/// Its control plane: estimates, rules, receipts, trial wallets (SkillBoss pipeline page).
pub(in crate::config) const SKILLBOSS_WEB_URL: &str = "https://www.skillboss.co";

pub(super) const SETTINGS: [Setting; 10] = [
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
        name: "SKILLBOSS_RECEIPT_KEY",
        key: Some("skillboss.receipt_key"),
        flag: None,
        form: "key",
        default: "none: receipts are kept, and checked only by `jobs report --verify`",
        meaning: "The secret with which SkillBoss signs receipts (HS256), if it gave you one. Each receipt is checked with it when it comes.",
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
