//! `doctor`: what is configured, writable, reachable and paid for; each problem with its fix.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::{Exit, Shell, install, text};
use crate::config::{Config, Resolved, ServiceChoice};
use crate::error::{Error, Kind, Result};
use crate::jobs::money::{balance, wallet};
use crate::jobs::{publish, report};
use crate::model::catalog::ModelKind;
use crate::model::job::Service;
use crate::money::Usd;
use crate::redact;

/// A minute of 1080p is well under this; less is a video that may not fit.
const LOW_DISK_BYTES: u64 = 1_000_000_000;
/// About the price of one generated clip: with less, the next video may be refused.
const LOW_CREDITS: f64 = 100.0;
/// About the price of a short clip by one of the cheaper models.
const LOW_WALLET: Usd = Usd::from_cents(50);

#[derive(Args, Debug)]
pub(super) struct Doctor {
    /// Look only at this machine; ask no service
    #[arg(long)]
    offline: bool,
}

/// Everything that was looked at.
#[derive(Serialize)]
struct Findings {
    ok: bool,
    message: String,
    version: &'static str,
    settings: Vec<Resolved>,
    settings_file: String,
    settings_file_exists: bool,
    checks: Vec<Check>,
    next: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    Note,
    Problem,
    Skipped,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    health: Health,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, detail: detail.into(), fix: None, exit: 0 }
    }

    fn note(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, health: Health::Note, detail: detail.into(), fix: Some(fix.into()), exit: 0 }
    }

    fn problem(name: &'static str, error: &Error) -> Self {
        Self {
            name,
            health: Health::Problem,
            detail: error.message().to_owned(),
            fix: error.next_step().map(str::to_owned),
            exit: error.kind().exit_code(),
        }
    }
}

impl Doctor {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let config = shell.app.config();
        let mut checks = vec![
            settings_file(config),
            folder("data folder", config.data_dir()),
            folder("output folder", &config.output_dir),
            disk(&config.output_dir),
            studio(),
            ledger(shell).await,
            assistants(config),
        ];
        checks.push(if self.offline {
            Check { health: Health::Skipped, ..Check::ok("service", "Not asked, as wished.") }
        } else {
            service(shell).await
        });
        if !self.offline {
            checks.push(skillboss(shell).await);
            checks.extend(bucket(shell).await);
            checks.extend(schedulers(shell).await);
        }

        let problems = checks.iter().filter(|check| check.health == Health::Problem).count();
        let findings = Findings {
            ok: problems == 0,
            message: match problems {
                0 => "Everything is fine.".to_owned(),
                1 => "There is 1 problem.".to_owned(),
                _ => format!("There are {problems} problems."),
            },
            version: env!("CARGO_PKG_VERSION"),
            settings: config.resolved.clone(),
            settings_file: config.config_file.display().to_string(),
            settings_file_exists: config.config_file.exists(),
            next: checks
                .iter()
                .filter(|check| check.health == Health::Problem)
                .find_map(|check| check.fix.clone())
                .unwrap_or_else(|| {
                    "firstcut make \"a 10-second video of a sunset over the ocean\"".to_owned()
                }),
            checks,
        };
        shell.out.result(&findings, || in_words(&findings))?;
        Ok(findings.checks.iter().map(|check| check.exit).find(|exit| *exit != 0).unwrap_or(0))
    }
}

fn in_words(findings: &Findings) -> String {
    let mut words = format!("firstcut {}\n", findings.version);
    for setting in &findings.settings {
        let _ = writeln!(words, "  {:<24} {}  [{}]", setting.name, setting.value, setting.source);
    }
    for check in &findings.checks {
        let mark = match check.health {
            Health::Ok => "ok     ",
            Health::Note => "note   ",
            Health::Problem => "PROBLEM",
            Health::Skipped => "skipped",
        };
        let _ = writeln!(words, "{mark} {}: {}", check.name, check.detail);
        if let Some(fix) = &check.fix {
            let _ = writeln!(words, "        fix: {fix}");
        }
    }
    words + &findings.message
}

fn settings_file(config: &Config) -> Check {
    let path = &config.config_file;
    let shown = path.display();
    if !path.exists() {
        return Check::ok("settings file", format!("{shown} does not exist, which is fine."));
    }
    let from_file = |setting: &Resolved| setting.name == "NEMO_TOKEN" && setting.source.contains(" in ");
    if config.resolved.iter().any(from_file) && others_may_read(path) {
        let fix = format!("chmod 600 {shown}");
        return Check::note("settings file", format!("{shown} holds a token and others may read it."), fix);
    }
    Check::ok("settings file", format!("{shown} is read."))
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> bool {
    false // a profile folder is private by default there
}

fn folder(name: &'static str, path: &Path) -> Check {
    match crate::jobs::paths::make_writable(path) {
        Ok(()) => Check::ok(name, format!("{} is writable.", path.display())),
        Err(error) => Check::problem(name, &error),
    }
}

fn disk(path: &Path) -> Check {
    match crate::jobs::paths::free_bytes(path) {
        Some(free) if free < LOW_DISK_BYTES => Check::note(
            "disk space",
            format!("{} free for videos.", text::size(free)),
            "Free some space, or set FIRSTCUT_OUTPUT to a folder on another disk.",
        ),
        Some(free) => Check::ok("disk space", format!("{} free for videos.", text::size(free))),
        None => Check { health: Health::Skipped, ..Check::ok("disk space", "The system does not say.") },
    }
}

fn studio() -> Check {
    if cfg!(feature = "studio") {
        Check::ok("studio", "The sandbox can render.")
    } else {
        Check::note(
            "studio",
            "This build has no codecs: the sandbox cannot render.",
            "Build with the feature studio to rehearse; real services do not need it.",
        )
    }
}

async fn bucket(shell: &Shell) -> Option<Check> {
    let settings = shell.app.config().bucket.as_ref()?;
    let asked = async { shell.app.store()?.check().await };
    Some(match (asked.await, &settings.public_url) {
        (Err(error), _) => Check::problem("bucket", &error),
        (Ok(()), None) => Check::note(
            "bucket",
            format!("{} is there; it is private, so its clips cannot be posted.", settings.name),
            "Set FIRSTCUT_BUCKET_URL to its public address or a CDN before it, if clips shall be posted.",
        ),
        (Ok(()), Some(url)) => Check::ok("bucket", format!("{} is there, and read at {url}.", settings.name)),
    })
}

async fn schedulers(shell: &Shell) -> Vec<Check> {
    let mut checks = Vec::new();
    for scheduler in publish::set_up(shell.app.config()) {
        let asked = async {
            let client = shell.app.scheduler(scheduler, Service::Nemo).await?;
            client.check().await
        };
        let name = scheduler.name();
        checks.push(match asked.await {
            Ok(accounts) if accounts.is_empty() => Check::ok(name, "It is set up."),
            Ok(accounts) => Check::ok(name, redact::quote(&format!("It has {}.", accounts.join(", ")), 300)),
            Err(error) => Check::problem(name, &error),
        });
    }
    checks
}

async fn ledger(shell: &Shell) -> Check {
    match report::list(&shell.app, None, 1).await {
        Ok(_) => Check::ok("ledger", format!("{} opens.", shell.app.config().ledger_file.display())),
        Err(error) => Check::problem("ledger", &error),
    }
}

/// Which assistants know firstcut.
fn assistants(config: &Config) -> Check {
    const NAME: &str = "assistants";
    let clients = install::standing(&config.machine);
    let titles = |wanted: &dyn Fn(&install::Standing) -> bool| {
        let titles: Vec<_> = clients.iter().filter(|one| wanted(one)).map(|one| one.title).collect();
        titles.join(", ")
    };
    if let Some(client) = clients.iter().find(|client| client.missing_program.is_some()) {
        let gone = client.missing_program.as_deref().unwrap_or_default();
        return Check::note(
            NAME,
            format!("{} starts {gone}, which is not there any more.", client.title),
            format!("firstcut install {}", client.client),
        );
    }
    let known = titles(&|client| client.installed);
    let others = titles(&|client| client.found && !client.installed);
    let first = clients.iter().find(|client| client.found && !client.installed);
    match (known.as_str(), first) {
        ("", None) => Check::ok(NAME, "None was found on this machine."),
        ("", Some(first)) => Check::note(
            NAME,
            format!("None knows firstcut; found: {others}."),
            format!("firstcut install {}", first.client),
        ),
        (known, None) => Check::ok(NAME, format!("Know firstcut: {known}.")),
        (known, Some(_)) => Check::ok(NAME, format!("Know firstcut: {known}. Do not: {others}.")),
    }
}

/// The SkillBoss key: whether the service takes it, and what is in its wallet. Asking costs nothing.
async fn skillboss(shell: &Shell) -> Check {
    const NAME: &str = "SkillBoss";
    let config = shell.app.config();
    if config.service == ServiceChoice::Sandbox {
        let detail = "Not asked: the sandbox rehearses its models with a wallet of its own.";
        return Check { health: Health::Skipped, ..Check::ok(NAME, detail) };
    }
    if !config.skillboss.is_set_up() {
        return without_key(shell, NAME).await;
    }
    let key = key_of(config);
    match wallet::balance(&shell.app).await {
        Ok(found) => {
            let detail = format!("{key} is accepted. {}", found.message);
            match found.balance_usd.filter(|left| *left < LOW_WALLET) {
                Some(_) => Check::note(NAME, detail, "Top up the wallet at SkillBoss; most clips cost more."),
                None => Check::ok(NAME, detail),
            }
        }
        Err(error) => {
            let mut check = Check::problem(NAME, &error);
            check.detail = match error.kind() {
                Kind::Unauthorized => format!("{key} is refused. {}", error.message()),
                _ => format!("{key} could not be tried. {}", error.message()),
            };
            check
        }
    }
}

/// Which key pays for videos, and where it comes from.
fn key_of(config: &Config) -> String {
    let keys = &config.skillboss;
    let is_set = |name: &str| {
        config.resolved.iter().any(|setting| setting.name == name && setting.source != "default")
    };
    match (&keys.wholesale_key, &keys.api_key) {
        (Some(_), Some(_)) => {
            "The wholesale key (SKILLBOSS_WHOLESALE_KEY), which pays beside SKILLBOSS_API_KEY,".to_owned()
        }
        (Some(_), None) => "The wholesale key (SKILLBOSS_WHOLESALE_KEY)".to_owned(),
        (None, _) if is_set("SKILLBOSS_API_KEY") => "The key (SKILLBOSS_API_KEY)".to_owned(),
        (None, _) => format!("The trial's key in {}", keys.key_file.display()),
    }
}

/// A problem only for those who chose SkillBoss: NemoVideo needs no key.
async fn without_key(shell: &Shell, name: &'static str) -> Check {
    let fix = "Set SKILLBOSS_API_KEY, or get a free trial with `firstcut wallet trial`, to use them.";
    let models = match shell.app.catalog().await {
        Ok(catalog) => catalog
            .models()
            .iter()
            .filter(|model| model.kind == ModelKind::Video && model.retired.is_none())
            .map(|model| redact::label(&model.id))
            .collect::<Vec<_>>()
            .join(", "),
        Err(error) => return Check::problem(name, &error),
    };
    let detail =
        format!("No key is set, so its models are out of reach: {models}. NemoVideo works without one.");
    if shell.app.config().service == ServiceChoice::SkillBoss {
        return Check::problem(name, &Error::new(Kind::Unauthorized, detail).next(fix));
    }
    Check::note(name, detail, fix)
}

async fn service(shell: &Shell) -> Check {
    let asked = async { balance::credits_of(&shell.app, shell.app.service(None)?).await };
    match asked.await {
        Ok(credits) => {
            let left = credits.available.unwrap_or_default();
            if left < LOW_CREDITS {
                let found = format!(
                    "{} answers; {left:.0} credits are left, and one clip may cost {LOW_CREDITS:.0}.",
                    credits.service
                );
                return Check::note("service", found, credits.top_up.unwrap_or(credits.next));
            }
            Check::ok("service", format!("{} answers; {left:.0} credits.", credits.service))
        }
        Err(error) if error.kind() == Kind::Unavailable => {
            let mut check = Check::problem("service", &error);
            check.fix = Some(
                "Check the network connection, its proxy and NEMO_API_URL. Without a network, --service sandbox still \
                 makes videos."
                    .to_owned(),
            );
            check
        }
        Err(error) => Check::problem("service", &error),
    }
}
