//! `sandbox`: the services' stand-in, by itself, for tests of other programs.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::follow::interrupted;
use super::{Exit, Shell};
use crate::error::{Error, Kind, Result};
use crate::sandbox::{self, Clips, Faults, Options, Pace, STANDARD_KEY, WHOLESALE_KEY};

/// As the real service does, and unlike the rehearsal in a home, which shall not end after one clip.
const CREDITS: &str = "Each new account has the 100 credits that the service gives: one clip. For more, give \
                       prices.starting_credits in --settings.";

#[derive(Args, Debug)]
pub(super) struct Sandbox {
    /// Where to listen, on this machine only; port 0 takes a free one [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where its state, its files and its request log lie
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Everything that can be set about it, as TOML or JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Scripted trouble, as TOML or JSON
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Never wait, where the real service takes its time
    #[arg(long)]
    fast: bool,
    /// What SkillBoss' finished clips are: scenes drawn from the prompt, or tiny plain cards, for tests of many jobs
    #[arg(long, value_name = "KIND", value_parser = ["drawn", "tiny"])]
    clips: Option<String>,
    /// Let SkillBoss' half call webhooks on this machine
    #[arg(long)]
    loopback_webhooks: bool,
}

impl Sandbox {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let options = self.options(shell)?;
        let folder = options.folder.clone();
        let sandbox = sandbox::Sandbox::start(options).await.map_err(told)?;
        let [log, _] = sandbox.log.paths();
        // A home of its own, so that its jobs and tokens never mix with real ones.
        let settings = [
            ("NEMO_API_URL", sandbox.url.clone()),
            ("NEMO_WEB_URL", sandbox.url.clone()),
            ("SKILLBOSS_API_URL", sandbox.skillboss.api_url()),
            ("SKILLBOSS_WEB_URL", sandbox.url.clone()),
            ("SKILLBOSS_API_KEY", STANDARD_KEY.to_owned()),
            ("SKILLBOSS_WHOLESALE_KEY", WHOLESALE_KEY.to_owned()),
            ("FIRSTCUT_ALLOW_LOOPBACK", "1".to_owned()),
            ("FIRSTCUT_HOME", folder.join("home").display().to_string()),
        ];
        let shape = json!({
            "url": sandbox.url,
            "folder": folder,
            "request_log": log,
            "env": settings.iter().map(|(name, value)| (*name, value)).collect::<std::collections::BTreeMap<_, _>>(),
            "message": format!("This is a sandbox: nothing is real and nothing is paid. {CREDITS}"),
        });
        shell.out.result(&shape, || {
            let lines: String =
                settings.iter().map(|(name, value)| format!("  export {name}='{value}'\n")).collect();
            format!(
                "The sandbox listens on {}. Nothing in it is real and nothing is paid.\nUse it with:\n{lines}\
                 {CREDITS}\nIts request log: {}",
                sandbox.url,
                log.display()
            )
        })?;
        interrupted().await;
        sandbox.stop().await;
        shell.out.note("The sandbox has stopped; its state is kept in its folder.");
        Ok(0)
    }

    fn options(self, shell: &Shell) -> Result<Options> {
        let folder = shell.app.config().data_dir().join("sandbox-server");
        let mut options = match &self.settings {
            Some(file) => Options::from_file(file).map_err(told)?,
            None => Options::in_folder(folder),
        };
        if let Some(listen) = self.listen {
            options.listen = listen;
        }
        if let Some(folder) = self.folder {
            options.folder = shell.caller.working_dir.join(folder);
        }
        if let Some(file) = &self.faults {
            options.faults = Faults::from_file(file).map_err(told)?;
        }
        if self.fast {
            options.pace = Pace::INSTANT;
        }
        match self.clips.as_deref() {
            Some("tiny") => options.skillboss.clips = Clips::Tiny,
            Some(_) => options.skillboss.clips = Clips::Drawn,
            None => {}
        }
        options.skillboss.webhooks.loopback |= self.loopback_webhooks;
        Ok(options)
    }
}

fn told(error: sandbox::Error) -> Error {
    let (kind, next) = match &error {
        sandbox::Error::NotLoopback(_) => (Kind::InvalidInput, "Listen on 127.0.0.1 or [::1]."),
        sandbox::Error::Listen { .. } => (Kind::Unavailable, "Take another port; port 0 takes a free one."),
        sandbox::Error::Folder { .. } => (Kind::Storage, "Name another file or folder."),
        sandbox::Error::InUse { .. } => (Kind::Unavailable, "Use that one, or name another folder."),
        sandbox::Error::BadFile { .. } => {
            (Kind::InvalidInput, "Correct the file; docs/sandbox.md lists what it may say.")
        }
    };
    Error::new(kind, format!("{error}.")).next(next)
}
