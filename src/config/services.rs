//! The services that make videos: where they are, and as whom we speak.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::places::{self, Places};
use super::read::{Given, Reader};
use super::{Surroundings, address, parse, settings};
use crate::error::Result;
use crate::redact::Secret;

/// Pause between two status questions to a real service (NemoVideo skill, Export: "every 30s").
const POLL: Duration = Duration::from_secs(30);

/// Where NemoVideo is and as whom we speak.
#[derive(Clone, Debug)]
pub struct Nemo {
    /// `NEMO_TOKEN`: used instead of an anonymous token, never swapped for another account.
    pub token: Option<Secret>,
    /// `NEMO_API_URL`: base of every call, without a trailing slash.
    pub api_url: Url,
    /// `NEMO_WEB_URL`: base of links for people.
    pub web_url: Url,
    /// `NEMO_CLIENT_ID`: wins over the stored one.
    pub client_id: Option<String>,
    /// `SKILL_SOURCE`, else detected from the install path: the value of `X-Skill-Platform`.
    pub platform: String,
    /// Folder for the client id and the cached token (private to the user).
    pub identity_dir: PathBuf,
    /// `FIRSTCUT_ALLOW_LOOPBACK`: services, downloads and webhooks may be on loopback.
    pub allow_loopback: bool,
    /// `FIRSTCUT_POLL_S`: pause between two status questions; by default 30 s.
    pub poll: Duration,
}

impl Nemo {
    /// Takes the settings of NemoVideo.
    pub(super) fn take(
        reader: &mut Reader<'_>,
        around: &Surroundings,
        places: &Places,
        allow_loopback: bool,
        poll: Option<Duration>,
    ) -> Result<Self> {
        let address = |given: &Given| address::base(given, allow_loopback);
        let or = |url: Option<Url>, usual| url.map_or_else(|| address::own(usual), Ok);
        Ok(Self {
            token: reader.take("NEMO_TOKEN", parse::token),
            api_url: or(reader.take("NEMO_API_URL", address), settings::API_URL)?,
            web_url: or(reader.take("NEMO_WEB_URL", address), settings::WEB_URL)?,
            client_id: reader.take("NEMO_CLIENT_ID", parse::header_word),
            platform: reader
                .take("SKILL_SOURCE", parse::header_word)
                .unwrap_or_else(|| places::platform(around).to_owned()),
            identity_dir: places.data_dir.join("nemo"),
            allow_loopback,
            poll: poll.unwrap_or(POLL),
        })
    }

    /// Whether the service is an emulator on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        address::is_loopback(&self.api_url)
    }

    /// How long to leave the service alone when it refuses for its load: the skill's 30 s, whatever the polling
    /// interval, unless it is an emulator.
    #[must_use]
    pub fn patience(&self) -> Duration {
        if self.is_local() { self.poll } else { self.poll.max(Duration::from_secs(30)) }
    }
}

/// Where SkillBoss is and with which key we speak.
#[derive(Clone, Debug)]
pub struct SkillBoss {
    /// `SKILLBOSS_API_KEY`: a standard key.
    pub api_key: Option<Secret>,
    /// `SKILLBOSS_WHOLESALE_KEY`: a wholesale key; it pays for videos when there are both.
    pub wholesale_key: Option<Secret>,
    /// `SKILLBOSS_RECEIPT_KEY`: the secret with which receipts are signed, for whoever was given it.
    pub receipt_key: Option<Secret>,
    /// The key of a trial wallet is kept here, and used when no key is set.
    pub key_file: PathBuf,
    /// `SKILLBOSS_API_URL`, else the host of the key that pays: base of the calls that make videos.
    pub api_url: Url,
    /// `SKILLBOSS_WEB_URL`: base of the control plane.
    pub web_url: Url,
    /// `FIRSTCUT_ALLOW_LOOPBACK`: services, downloads and webhooks may be on loopback.
    pub allow_loopback: bool,
}

impl SkillBoss {
    /// Takes the settings of SkillBoss.
    pub(super) fn take(reader: &mut Reader<'_>, places: &Places, allow_loopback: bool) -> Result<Self> {
        let address = |given: &Given| address::base(given, allow_loopback);
        let or = |url: Option<Url>, usual| url.map_or_else(|| address::own(usual), Ok);
        let key_file = places.data_dir.join("skillboss.key");
        let api_key = reader.take("SKILLBOSS_API_KEY", parse::key);
        let wholesale_key = reader.take("SKILLBOSS_WHOLESALE_KEY", parse::key);
        let host = match &wholesale_key {
            Some(_) => settings::SKILLBOSS_WHOLESALE_URL,
            None => settings::SKILLBOSS_API_URL,
        };
        Ok(Self {
            api_url: or(reader.take("SKILLBOSS_API_URL", address), host)?,
            web_url: or(reader.take("SKILLBOSS_WEB_URL", address), settings::SKILLBOSS_WEB_URL)?,
            api_key: match (api_key, &wholesale_key) {
                (None, None) => kept_key(&key_file),
                (key, _) => key,
            },
            key_file,
            wholesale_key,
            receipt_key: reader.take("SKILLBOSS_RECEIPT_KEY", parse::key),
            allow_loopback,
        })
    }

    /// Whether there is a key, so that this service can be used.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.api_key.is_some() || self.wholesale_key.is_some()
    }
}

/// The key of a trial wallet, if there is one. A file that cannot be read is no key; `doctor` shows that.
fn kept_key(file: &Path) -> Option<Secret> {
    let key = std::fs::read_to_string(file).ok()?;
    let key = key.trim();
    (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Secret::new(key.to_owned()))
}
