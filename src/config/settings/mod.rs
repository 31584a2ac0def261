//! The table of settings: what exists, what it is called in each place, what it means.
//!
//! README's table is compared with this one by a test.

mod bucket;
mod budget;
mod general;
mod http;
mod posts;
mod services;

use std::sync::LazyLock;

pub(super) use bucket::BUCKET_KEY;
pub(super) use posts::{AYRSHARE_URL, BUFFER_URL, POSTIZ_URL};
pub(super) use services::{API_URL, SKILLBOSS_API_URL, SKILLBOSS_WEB_URL, SKILLBOSS_WHOLESALE_URL, WEB_URL};

/// One thing that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The key in `firstcut.toml`, with a dot for its table; none when the file cannot set it.
    pub key: Option<&'static str>,
    /// The flag on the command line, if there is one.
    pub flag: Option<&'static str>,
    /// How its value is written.
    pub form: &'static str,
    /// What it is without any word.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Its value is never shown.
    pub secret: bool,
}

/// Every setting, in the order of the documentation.
pub static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    [
        &general::SETTINGS[..],
        &budget::SETTINGS[..],
        &http::SETTINGS[..],
        &bucket::SETTINGS[..],
        &posts::SETTINGS[..],
        &services::SETTINGS[..],
    ]
    .concat()
});

/// The setting of that name.
pub(super) fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
