//! Settings: file < environment < flags, read once, typed, checked as a whole.
//!
//! The only module that reads the environment and asks the platform for its folders
//! ([`Surroundings::of_process`]); everything else is handed values.

mod address;
mod budget;
mod callers;
mod file;
mod log;
mod machine;
mod outward;
mod parse;
mod places;
mod preview;
mod read;
mod routes;
mod services;
mod settings;
mod terminal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use budget::Budget;
pub use callers::{Hooks, Http};
pub use log::start_log;
pub use machine::Machine;
pub use outward::{Aws, Bucket, Keys, Social, WebIdentity};
pub use places::Surroundings;
pub use preview::Preview;
pub use read::{Overrides, Resolved};
pub use routes::{Arm, Route};
pub use services::{Nemo, SkillBoss};
pub use settings::{SETTINGS, Setting};
pub use terminal::Pictures;

use crate::error::Result;
use read::Reader;

/// What a preview may have in kilobytes: less shows nothing, more does not fit into an answer.
const PREVIEW_KB: std::ops::RangeInclusive<usize> = 10..=500;

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
        let nemo = Nemo::take(&mut reader, around, &places, allow_loopback, poll)?;
        let budget = Budget::take(&mut reader);
        let enhance = reader.take("FIRSTCUT_ENHANCE", parse::yes_or_no).unwrap_or(false);
        let catalog_file = reader.take("FIRSTCUT_CATALOG", |given| parse::file(given, around));
        let hooks = Hooks::take(&mut reader, allow_loopback);
        let http = Http::take(&mut reader);
        let skillboss = SkillBoss::take(&mut reader, &places, allow_loopback)?;
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
            nemo,
            skillboss,
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
        })
    }

    /// The folder that holds everything firstcut keeps for itself.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.ledger_file.parent().unwrap_or(&self.ledger_file)
    }
}
