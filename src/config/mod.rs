//! Settings: file < environment < flags, read once, typed, checked as a whole.
//!
//! The only module that reads the environment and asks the platform for its folders
//! ([`Surroundings::of_process`]); everything else is handed values.

mod file;
mod log;
mod machine;
mod outward;
mod parse;
mod places;
mod preview;
mod read;
mod routes;
mod settings;
mod terminal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

pub use log::start_log;
pub use machine::Machine;
pub use outward::{Aws, Bucket, Keys, Social, WebIdentity};
pub use places::Surroundings;
pub use preview::Preview;
pub use read::{Overrides, Resolved};
pub use routes::{Arm, Route};
pub use settings::{SETTINGS, Setting};
pub use terminal::Pictures;

use crate::error::Result;
use crate::money::Usd;
use crate::redact::Secret;
use read::Reader;

/// Pause between two status questions to a real service (NemoVideo skill, Export: "every 30s").
const POLL: Duration = Duration::from_secs(30);

/// What a preview may have in kilobytes: less shows nothing, more does not fit into an answer.
const PREVIEW_KB: std::ops::RangeInclusive<usize> = 10..=500;

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
    /// Whether the service is an emulator on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self.api_url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
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
    /// Whether there is a key, so that this service can be used.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.api_key.is_some() || self.wholesale_key.is_some()
    }
}

/// Which service a call uses when it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceChoice {
    /// SkillBoss when its key is set and the model asked for is one of its; else NemoVideo, which needs no account.
    Auto,
    /// NemoVideo.
    Nemo,
    /// SkillBoss.
    SkillBoss,
    /// The built-in rehearsal.
    Sandbox,
}

/// What may be spent at SkillBoss. None: no such limit.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// `FIRSTCUT_MAX_USD_PER_CALL`: the most for one call of a tool or command.
    pub per_call: Option<Usd>,
    /// `FIRSTCUT_MAX_USD_PER_DAY`: from midnight to midnight UTC.
    pub per_day: Option<Usd>,
    /// `FIRSTCUT_MAX_USD_PER_WEEK`: from Monday to Monday UTC.
    pub per_week: Option<Usd>,
    /// `FIRSTCUT_MAX_USD_PER_BATCH`: for all calls that name the same batch.
    pub per_batch: Option<Usd>,
    /// `FIRSTCUT_APPROVE_ABOVE_USD`: what may cost more waits for a person's word.
    pub approve_above: Option<Usd>,
    /// `FIRSTCUT_ALLOW_UNKNOWN_PRICE`: a model without a known price may be used, up to the caps.
    pub allow_unknown_price: bool,
}

/// How services reach us.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// `FIRSTCUT_PUBLIC_URL`: under this address the receiver of notices is reached from outside.
    pub public_url: Option<Url>,
    /// `FIRSTCUT_WEBHOOK_SIGNATURE`: how notices are signed; Standard Webhooks when not said.
    pub signature: Option<String>,
    /// `FIRSTCUT_WEBHOOK_SECRETS`: with any, a notice without a good signature is refused; several while one is
    /// being replaced.
    pub secrets: Vec<Secret>,
}

/// Who may call us over HTTP.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// `FIRSTCUT_HTTP_TOKEN`: what every caller must show.
    pub token: Option<Secret>,
    /// `FIRSTCUT_HTTP_HOSTS`, in small letters, without ports: names under which we are reached.
    pub hosts: Vec<String>,
}

/// The key of a trial wallet, if there is one. A file that cannot be read is no key; `doctor` shows that.
fn kept_key(file: &Path) -> Option<Secret> {
    let key = std::fs::read_to_string(file).ok()?;
    let key = key.trim();
    (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Secret::new(key.to_owned()))
}

impl ServiceChoice {
    /// The name in settings and arguments.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Nemo => "nemo",
            Self::SkillBoss => "skillboss",
            Self::Sandbox => "sandbox",
        }
    }
}

/// Everything that can be set, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// `FIRSTCUT_SERVICE`.
    pub service: ServiceChoice,
    /// `FIRSTCUT_WAIT_S`: how long a tool call that started a job waits; else by client identity.
    pub wait: Option<Duration>,
    /// `FIRSTCUT_POLL_S` if set: pause between two status questions; else as each service wants it.
    pub poll: Option<Duration>,
    /// Where the ledger lies.
    pub ledger_file: PathBuf,
    /// State of the embedded sandbox.
    pub sandbox_dir: PathBuf,
    /// `FIRSTCUT_OUTPUT`: where videos go.
    pub output_dir: PathBuf,
    /// `FIRSTCUT_FILES`: folders that may be read and written beside the output folder; the working folder counts too.
    pub file_roots: Vec<PathBuf>,
    /// `FIRSTCUT_FILES` was set: its word holds for the command line as well.
    pub file_roots_are_explicit: bool,
    /// `FIRSTCUT_PREVIEW`: which picture is made of a finished video.
    pub preview: Preview,
    /// `FIRSTCUT_PREVIEW_KB` in bytes: no preview is larger.
    pub preview_bytes: usize,
    /// `FIRSTCUT_STRICT`: a failed delivery check is an error of the call.
    pub strict: bool,
    /// How the terminal around us shows pictures, if it can.
    pub pictures: Option<Pictures>,
    /// `FIRSTCUT_FFMPEG`: the installed ffmpeg that may be used; none is looked for when it is not set.
    pub ffmpeg: Option<PathBuf>,
    /// What stands around us: for those who connect other programs with this one.
    pub machine: Machine,
    /// The user's home, for `~`.
    pub home_dir: Option<PathBuf>,
    /// The settings file, whether it exists or not.
    pub config_file: PathBuf,
    /// `FIRSTCUT_CATALOG`, else `catalog.toml` beside the settings file if it exists: models and prices of your own, over
    /// the built-in ones.
    pub catalog_file: Option<PathBuf>,
    /// Each setting as it came out and where it came from, secrets hidden; in the order of [`SETTINGS`].
    pub resolved: Vec<Resolved>,
    /// `FIRSTCUT_LOG`: what is logged to stderr, as `level,target=level,…`.
    pub log: String,
    /// NemoVideo.
    pub nemo: Nemo,
    /// What may be spent.
    pub budget: Budget,
    /// `FIRSTCUT_ENHANCE`: a language model adds detail to prompts for SkillBoss' models, unless a call says otherwise.
    pub enhance: bool,
    /// `[routes.NAME]`: names that choose a model for each prompt of a batch.
    pub routes: BTreeMap<String, Route>,
    /// How services reach us.
    pub hooks: Hooks,
    /// Who may call us over HTTP.
    pub http: Http,
    /// SkillBoss.
    pub skillboss: SkillBoss,
    /// The bucket, if one is named.
    pub bucket: Option<Bucket>,
    /// `FIRSTCUT_DELIVER`: `folder` or `s3`; by default the bucket, if there is one.
    pub deliver: Option<String>,
    /// Who takes posts.
    pub social: Social,
}

impl Config {
    /// Reads the settings file, the environment and the flags, in growing order of weight.
    ///
    /// # Errors
    /// [`Kind::Config`](crate::error::Kind::Config) naming every setting that cannot be used, where it was
    /// set, and what would be right. Nothing is guessed and nothing is dropped.
    pub fn load(flags: &Overrides, around: &Surroundings) -> Result<Self> {
        let home = read::home(flags, around)?;
        let places = places::Places::find(around, home.as_ref().map(|(folder, _)| folder.as_path()))?;
        let file = file::load(&places.config_file)?;
        let routes = file.routes.clone();
        let mut reader = Reader::new(flags, around, file);
        reader.note_home(home);

        let allow_loopback = reader.take("FIRSTCUT_ALLOW_LOOPBACK", parse::yes_or_no).unwrap_or(false);
        let address = |given: &read::Given| parse::address(given, allow_loopback);
        let service = reader.take("FIRSTCUT_SERVICE", parse::service).unwrap_or(ServiceChoice::Auto);
        let wait = reader.take("FIRSTCUT_WAIT_S", |given| parse::seconds(given, 0.0..=3600.0));
        let poll = reader.take("FIRSTCUT_POLL_S", |given| parse::seconds(given, 0.01..=3600.0));
        let files = reader.take("FIRSTCUT_FILES", |given| parse::folders(given, around));
        let output = reader.take("FIRSTCUT_OUTPUT", |given| parse::folder(given, around));
        let preview = reader.take("FIRSTCUT_PREVIEW", parse::preview).unwrap_or_default();
        let preview_kb = reader.take("FIRSTCUT_PREVIEW_KB", |given| parse::whole(given, PREVIEW_KB));
        let strict = reader.take("FIRSTCUT_STRICT", parse::yes_or_no).unwrap_or(false);
        let ffmpeg = reader.take("FIRSTCUT_FFMPEG", |given| parse::program(given, around));
        let log = reader.take("FIRSTCUT_LOG", parse::log_filter);
        let token = reader.take("NEMO_TOKEN", parse::token);
        let api_url = reader.take("NEMO_API_URL", address);
        let web_url = reader.take("NEMO_WEB_URL", address);
        let client_id = reader.take("NEMO_CLIENT_ID", parse::header_word);
        let platform = reader.take("SKILL_SOURCE", parse::header_word);
        let budget = Budget {
            per_call: reader.take("FIRSTCUT_MAX_USD_PER_CALL", parse::dollars),
            per_day: reader.take("FIRSTCUT_MAX_USD_PER_DAY", parse::dollars),
            per_week: reader.take("FIRSTCUT_MAX_USD_PER_WEEK", parse::dollars),
            per_batch: reader.take("FIRSTCUT_MAX_USD_PER_BATCH", parse::dollars),
            approve_above: reader.take("FIRSTCUT_APPROVE_ABOVE_USD", parse::dollars),
            allow_unknown_price: reader
                .take("FIRSTCUT_ALLOW_UNKNOWN_PRICE", parse::yes_or_no)
                .unwrap_or(false),
        };
        let enhance = reader.take("FIRSTCUT_ENHANCE", parse::yes_or_no).unwrap_or(false);
        let catalog_file = reader.take("FIRSTCUT_CATALOG", |given| parse::file(given, around));
        let hooks = Hooks {
            public_url: reader.take("FIRSTCUT_PUBLIC_URL", address),
            signature: reader.take("FIRSTCUT_WEBHOOK_SIGNATURE", parse::text),
            secrets: reader.take("FIRSTCUT_WEBHOOK_SECRETS", parse::secrets).unwrap_or_default(),
        };
        let http = Http {
            token: reader.take("FIRSTCUT_HTTP_TOKEN", parse::own_token),
            hosts: reader.take("FIRSTCUT_HTTP_HOSTS", parse::hosts).unwrap_or_default(),
        };
        let key_file = places.data_dir.join("skillboss.key");
        let api_key = reader.take("SKILLBOSS_API_KEY", parse::key);
        let wholesale_key = reader.take("SKILLBOSS_WHOLESALE_KEY", parse::key);
        let receipt_key = reader.take("SKILLBOSS_RECEIPT_KEY", parse::key);
        let skillboss_api_url = reader.take("SKILLBOSS_API_URL", address);
        let skillboss_web_url = reader.take("SKILLBOSS_WEB_URL", address);
        let bucket = Bucket::take(&mut reader, around, allow_loopback)?;
        let deliver = reader.take("FIRSTCUT_DELIVER", parse::destination);
        let social = Social::take(&mut reader, allow_loopback)?;
        let resolved = reader.finish()?;

        Ok(Self {
            bucket,
            deliver,
            social,
            budget,
            enhance,
            routes,
            hooks,
            http,
            service,
            wait,
            poll,
            ledger_file: places.data_dir.join("ledger.sqlite"),
            sandbox_dir: places.data_dir.join("sandbox"),
            output_dir: output.unwrap_or(places.output_dir),
            file_roots_are_explicit: files.is_some(),
            file_roots: files.unwrap_or(places.media_dirs),
            preview,
            preview_bytes: preview_kb.unwrap_or(200) * 1000,
            strict,
            pictures: terminal::pictures(around),
            ffmpeg,
            machine: Machine::of(around),
            home_dir: around.home_dir.clone(),
            catalog_file: catalog_file.or_else(|| {
                Some(places.config_file.with_file_name("catalog.toml")).filter(|beside| beside.exists())
            }),
            config_file: places.config_file,
            resolved,
            log: log.unwrap_or_else(|| parse::LOG.to_owned()),
            nemo: Nemo {
                token,
                api_url: match api_url {
                    Some(url) => url,
                    None => parse::own_address(settings::API_URL)?,
                },
                web_url: match web_url {
                    Some(url) => url,
                    None => parse::own_address(settings::WEB_URL)?,
                },
                client_id,
                platform: platform.unwrap_or_else(|| places::platform(around).to_owned()),
                identity_dir: places.data_dir.join("nemo"),
                allow_loopback,
                poll: poll.unwrap_or(POLL),
            },
            skillboss: SkillBoss {
                api_url: match (skillboss_api_url, &wholesale_key) {
                    (Some(url), _) => url,
                    (None, Some(_)) => parse::own_address(settings::SKILLBOSS_WHOLESALE_URL)?,
                    (None, None) => parse::own_address(settings::SKILLBOSS_API_URL)?,
                },
                web_url: match skillboss_web_url {
                    Some(url) => url,
                    None => parse::own_address(settings::SKILLBOSS_WEB_URL)?,
                },
                api_key: match (api_key, &wholesale_key) {
                    (None, None) => kept_key(&key_file),
                    (key, _) => key,
                },
                key_file,
                wholesale_key,
                receipt_key,
                allow_loopback,
            },
        })
    }

    /// The folder that holds everything firstcut keeps for itself.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.ledger_file.parent().unwrap_or(&self.ledger_file)
    }
}
