//! `install`: assistants on this machine learn to start firstcut, and how to use it.

mod client;
mod entry;
mod file;
mod json;
mod told;
mod toml;

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::{Exit, Shell};
use crate::config::{Config, Machine, SETTINGS};
use crate::error::{Error, Kind, Result};
use client::{CLIENTS, Client};
use entry::{Change, Entry, Misread};
use file::TextFile;
use told::{Installed, Outcome};

/// The skill, as it lies in the repository.
const SKILL: &str = include_str!("../../../SKILL.md");
/// How a skill of ours begins, whatever its version.
const OURS: &str = "---\nname: firstcut\n";
/// The setting that always goes along.
const HOME: &str = "FIRSTCUT_HOME";

#[derive(Args, Debug)]
pub(super) struct Install {
    /// claude-desktop, claude-code, cursor, vscode, codex, gemini, windsurf or copilot; without one, all are listed
    #[arg(value_name = "CLIENT")]
    client: Option<String>,
    /// Only for the project in the working folder
    #[arg(long, requires = "client")]
    project: bool,
    /// Show what would be written and where, and write nothing
    #[arg(long, requires = "client")]
    print: bool,
    /// Take it out again
    #[arg(long, visible_alias = "uninstall", requires = "client")]
    remove: bool,
    /// Give the server one of the settings in the README; NAME alone takes the value that it has in this shell. A key
    /// then stands in the client's file, which only you may read from then on
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = setting, conflicts_with = "remove", requires = "client")]
    env: Vec<(String, Option<String>)>,
    /// Leave the skill out
    #[arg(long, requires = "client")]
    no_skill: bool,
}

fn setting(text: &str) -> Result<(String, Option<String>), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    match SETTINGS.iter().any(|setting| setting.name == name) {
        true => Ok((name.to_owned(), value)),
        false => Err(format!("there is no setting {name}; the README lists them")),
    }
}

/// Whether the setting of this name is never shown.
fn is_secret(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name && setting.secret)
}

/// A client in the list.
#[derive(Serialize)]
pub(super) struct Standing {
    pub(super) client: &'static str,
    pub(super) title: &'static str,
    /// It seems to be on this machine.
    pub(super) found: bool,
    /// It knows firstcut.
    pub(super) installed: bool,
    /// The program that it would start, when that is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) missing_program: Option<String>,
    pub(super) file: String,
}

impl Install {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let config = shell.app.config();
        let Some(name) = &self.client else {
            let clients = standing(&config.machine);
            shell.out.result(&serde_json::json!({ "clients": clients }), || list_text(&clients))?;
            return Ok(0);
        };
        let told = self.change(Client::named(name)?, config)?;
        shell.out.result(&told, || told.in_words())?;
        if !self.remove && program(&config.machine).is_ok_and(|program| is_build(Path::new(&program))) {
            shell.out.note(
                "This program lies in a build folder; `cargo install --path .` puts it where it stays, then run this again.",
            );
        }
        Ok(0)
    }

    fn change(&self, client: &Client, config: &Config) -> Result<Installed> {
        let machine = &config.machine;
        let entry =
            Entry { program: program(machine)?, args: arguments(config), env: self.settings(config)? };
        let secrets: Vec<_> =
            entry.env.iter().map(|(name, _)| name.as_str()).filter(|name| is_secret(name)).collect();
        let path = client.file(machine, self.project)?;
        let skill = client.skill(machine, self.project).filter(|_| !self.no_skill);
        let mut told = Installed {
            client: client.name,
            title: client.title,
            outcome: Outcome::Shown,
            message: String::new(),
            file: path.display().to_string(),
            kept: None,
            skill: None,
            block: None,
            link: None,
            env: entry.env.iter().map(|(name, _)| name.clone()).collect(),
            env_left_out: Vec::new(),
            warnings: Vec::new(),
            next: client.then.to_owned(),
        };
        if self.print {
            told.message = format!("{} reads {}. This belongs into it:", client.title, path.display());
            told.skill = skill.map(|skill| (skill.display().to_string(), Outcome::Shown));
            told.block = Some(client.form.block(&entry));
            told.link = entry.link(client.name).filter(|_| !self.project);
            told.env_left_out = left_out(config, &told.env);
            if !secrets.is_empty() {
                told.warnings.push(format!(
                    "What is shown here holds {}: keep it to yourself. Addresses stay in histories.",
                    secrets.join(", ")
                ));
            }
            return Ok(told);
        }
        let file = TextFile::read(&path)?;
        let change = if self.remove { Change::Remove } else { Change::Put(&entry) };
        let misread = |Misread(why)| refusal(client, &path, &entry, &why, self.remove);
        let text = file.text().ok_or_else(|| misread(Misread("it is not UTF-8".to_owned())))?;
        let changed = match self.remove && !file.exists() {
            true => None,
            false => client.form.change(text, &change).map_err(misread)?,
        };
        let (outcome, what) = match (&changed, self.remove) {
            (Some(_), false) => (Outcome::Written, "knows firstcut now"),
            (None, false) => (Outcome::Already, "knows firstcut already; nothing was changed"),
            (Some(_), true) => (Outcome::Removed, "does not know firstcut any more"),
            (None, true) => (Outcome::Absent, "does not know firstcut; nothing was changed"),
        };
        let private = !secrets.is_empty();
        let was_open = private && file.exists() && file.is_open();
        match &changed {
            Some(text) => {
                told.kept = file.replace(text, private)?.map(|kept| kept.display().to_string());
            }
            None if was_open => file.make_private()?,
            None => {}
        }
        if was_open {
            told.warnings.push(format!(
                "{} holds {} now; others could read it, and from now on only you may.",
                path.display(),
                secrets.join(", ")
            ));
        }
        if private && self.project {
            told.warnings.push(format!(
                "{} belongs to the project: keep {} out of version control.",
                path.display(),
                secrets.join(", ")
            ));
        }
        if !self.remove {
            let text = changed.as_deref().unwrap_or(text);
            told.env_left_out = left_out(config, &client.form.env(text).unwrap_or_default());
        }
        told.outcome = outcome;
        told.message = format!("{} {what}.", client.title);
        if let Some(skill) = skill {
            let outcome = if self.remove { forget_skill(&skill)? } else { keep_skill(&skill)? };
            told.skill = Some((skill.display().to_string(), outcome));
        }
        match outcome {
            Outcome::Written | Outcome::Shown => {}
            Outcome::Already => {
                told.next = format!("If {} does not show it: {}", client.title, client.then);
            }
            Outcome::Removed => told.next = format!("Restart {}, if it is open.", client.title),
            Outcome::Absent => told.next = "Nothing is to be done.".to_owned(),
        }
        Ok(told)
    }

    /// What the server is given: what was asked for, and the folder of firstcut, without which it would work on another
    /// ledger than this shell.
    fn settings(&self, config: &Config) -> Result<Vec<(String, String)>> {
        let mut settings = Vec::new();
        let folder = config.resolved.iter().find(|setting| setting.name == HOME);
        if let Some(folder) = folder.filter(|folder| folder.source == "environment")
            && !self.env.iter().any(|(name, _)| name == HOME)
            && !self.remove
        {
            settings.push((HOME.to_owned(), folder.value.clone()));
        }
        for (name, value) in &self.env {
            let value = match value {
                Some(value) => value.clone(),
                None => match config.machine.shell.get(name.as_str()) {
                    Some(value) => value.reveal().to_owned(),
                    None => {
                        return Err(Error::invalid(format!(
                            "{name} is not set in this shell. Nothing was written."
                        ))
                        .next(format!("Set it first, or write --env {name}=VALUE.")));
                    }
                },
            };
            settings.push((name.clone(), value));
        }
        Ok(settings)
    }
}

/// Settings of this shell that are not among the names.
fn left_out(config: &Config, known: &[String]) -> Vec<&'static str> {
    let by_flag = |name: &str| {
        config.resolved.iter().any(|setting| setting.name == name && setting.source.starts_with("flag "))
    };
    config
        .machine
        .shell
        .keys()
        .copied()
        .filter(|name| !by_flag(name) && !known.iter().any(|known| known == name))
        .collect()
}

/// How every known client stands to firstcut, as far as its file can be read.
pub(super) fn standing(machine: &Machine) -> Vec<Standing> {
    let told = CLIENTS.iter().filter_map(|client| {
        let path = client.file(machine, false).ok()?;
        let file = TextFile::read(&path).ok();
        let program =
            file.filter(TextFile::exists).and_then(|file| client.form.program(file.text()?).ok().flatten());
        Some(Standing {
            client: client.name,
            title: client.title,
            found: client.is_found(machine) || program.is_some(),
            installed: program.is_some(),
            // A bare name is looked for by the client itself.
            missing_program: program.filter(|program| {
                let program = Path::new(program);
                program.is_absolute() && !program.exists()
            }),
            file: path.display().to_string(),
        })
    });
    told.collect()
}

fn list_text(clients: &[Standing]) -> String {
    let mut words = String::from("Assistants that can use firstcut:\n");
    for client in clients {
        let stands = match (client.installed, client.found) {
            (true, _) if client.missing_program.is_some() => "knows a firstcut that is gone",
            (true, _) => "knows firstcut",
            (false, true) => "found",
            (false, false) => "not found",
        };
        let _ =
            writeln!(words, "  {:<15} {:<19} {:<30} {}", client.client, client.title, stands, client.file);
    }
    let wanted = clients.iter().find(|client| client.found && !client.installed);
    let _ = write!(words, "next: firstcut install {}", wanted.map_or("CLIENT", |client| client.client));
    words
}

/// The absolute path by which clients start us.
fn program(machine: &Machine) -> Result<String> {
    let unknown = || {
        Error::new(Kind::Config, "The system does not say where this program lies.")
            .next("Write the entry by hand; `firstcut install CLIENT --print` shows its form.")
    };
    let program = machine.program.as_deref().ok_or_else(unknown)?;
    program.to_str().map(str::to_owned).ok_or_else(|| {
        Error::new(
            Kind::Config,
            "The path of this program is not valid Unicode, and clients could not start it.",
        )
        .next("Move the program to a folder with a plain name.")
    })
}

/// Where cargo puts what it builds: gone with the next cleaning.
fn is_build(program: &Path) -> bool {
    let folder = program.parent();
    folder.is_some_and(|folder| folder.join(".fingerprint").is_dir() || folder.join("deps").is_dir())
}

/// What was said on this command line holds for the server, too.
fn arguments(config: &Config) -> Vec<String> {
    let mut args = vec!["serve".to_owned()];
    for setting in &config.resolved {
        if let Some(flag) = setting.source.strip_prefix("flag ") {
            args.extend([flag.to_owned(), setting.value.clone()]);
        }
    }
    args
}

/// A file that is not understood is not touched.
fn refusal(client: &Client, path: &Path, entry: &Entry, why: &str, remove: bool) -> Error {
    let error = Error::new(
        Kind::Config,
        format!("{} is not understood: {why}. It was left as it is.", path.display()),
    );
    error.next(match remove {
        true => "Take the entry firstcut out by hand.".to_owned(),
        false => {
            format!("Mend it and run this again, or put this into it by hand:\n{}", client.form.block(entry))
        }
    })
}

fn keep_skill(path: &Path) -> Result<Outcome> {
    let file = TextFile::read(path)?;
    if file.text() == Some(SKILL) {
        return Ok(Outcome::Already);
    }
    file.replace(SKILL, false)?;
    Ok(Outcome::Written)
}

/// Takes our own skill away, and its folder if nothing else is in it; never a file that somebody else wrote.
fn forget_skill(path: &Path) -> Result<Outcome> {
    let file = TextFile::read(path)?;
    let is_ours = file.text().is_some_and(|text| text.replace("\r\n", "\n").starts_with(OURS));
    if !file.exists() || !is_ours {
        return Ok(Outcome::Absent);
    }
    let fault = |error| Error::storage(format!("{} cannot be removed.", path.display()), error);
    std::fs::remove_file(path).map_err(fault)?;
    if let Some(folder) = path.parent() {
        // It may hold what is not ours.
        let _ = std::fs::remove_dir(folder);
    }
    Ok(Outcome::Removed)
}

#[cfg(test)]
mod tests;
