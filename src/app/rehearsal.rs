//! The embedded sandbox: started when a rehearsal is asked for, shared by the processes of one home.
//!
//! Its state lies in a folder that one sandbox at a time works in. The process that needs it first serves it for
//! the others; when that process ends, the next one that needs it takes over, and nothing is forgotten.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::model::delivery::Scheduler;
use crate::nemo::Client;
use crate::nemo::timing::Timing;
use crate::redact::Secret;
use crate::sandbox::{self, Options, Prices, Sandbox};
use crate::{skillboss, social};

/// How long to look for a sandbox that another process is just starting or ending.
const PATIENCE: Duration = Duration::from_secs(5);
/// A rehearsal shall not end after one clip, as a real anonymous account would.
const CREDITS: i64 = 1_000_000;

/// Finds or starts the sandbox of one home.
pub(super) struct Rehearsal {
    folder: PathBuf,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// We serve it, for as long as this process lives.
    hosted: Option<Sandbox>,
    client: Option<(Url, Client)>,
    skillboss: Option<(Url, skillboss::Client)>,
    schedulers: HashMap<Scheduler, (Url, social::Client)>,
}

impl Rehearsal {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, found: Mutex::default() }
    }

    /// A client of a sandbox that answers.
    pub(super) async fn client(&self, like: &config::Nemo, poll: Duration) -> Result<Client> {
        let mut found = self.found.lock().await;
        let base = self.base(&mut found).await?;
        if let Some((of, client)) = &found.client
            && *of == base
        {
            return Ok(client.clone());
        }
        let settings = config::Nemo {
            // A real account's token must never reach an emulator, nor the other way round.
            token: None,
            client_id: None,
            api_url: base.clone(),
            web_url: base.clone(),
            identity_dir: self.folder.join("identity"),
            allow_loopback: true,
            poll,
            ..like.clone()
        };
        let client = Client::new(settings, Timing::default());
        found.client = Some((base, client.clone()));
        Ok(client)
    }

    /// A SkillBoss client of a sandbox that answers.
    pub(super) async fn skillboss(&self, like: &config::SkillBoss) -> Result<skillboss::Client> {
        let mut found = self.found.lock().await;
        let base = self.base(&mut found).await?;
        if let Some((of, client)) = &found.skillboss
            && *of == base
        {
            return Ok(client.clone());
        }
        let settings = config::SkillBoss {
            // A real key must never reach an emulator.
            api_key: None,
            wholesale_key: Some(Secret::new(sandbox::WHOLESALE_KEY.to_owned())),
            receipt_key: Some(Secret::new(sandbox::RECEIPT_KEY.to_owned())),
            api_url: base.join("v1").map_err(|error| {
                Error::internal("The sandbox's address is not an address.").because(error)
            })?,
            web_url: base.clone(),
            allow_loopback: true,
            ..like.clone()
        };
        let client = skillboss::Client::new(settings, skillboss::Timing::default());
        found.skillboss = Some((base, client.clone()));
        Ok(client)
    }

    /// A client of the sandbox that stands in for a scheduler.
    pub(super) async fn scheduler(
        &self,
        scheduler: Scheduler,
        like: &config::Social,
    ) -> Result<social::Client> {
        let mut found = self.found.lock().await;
        let base = self.base(&mut found).await?;
        if let Some((of, client)) = found.schedulers.get(&scheduler)
            && *of == base
        {
            return Ok(client.clone());
        }
        let at = |path: &str| {
            base.join(path)
                .map_err(|error| Error::internal("The sandbox's address is not an address.").because(error))
        };
        // A real key must never reach an emulator.
        let key = || Some(Secret::new(sandbox::SOCIAL_KEY.to_owned()));
        let settings = config::Social {
            buffer_key: key(),
            buffer_url: at("social/buffer")?,
            ayrshare_key: key(),
            ayrshare_profile: None,
            ayrshare_url: at("social/ayrshare/api")?,
            postiz_key: key(),
            postiz_url: at("social/postiz/public/v1")?,
            hook_url: Some(at("social/hook")?),
            hook_secret: key(),
            allow_loopback: true,
            ..like.clone()
        };
        let client = social::Client::of_sandbox(scheduler, &settings)?;
        found.schedulers.insert(scheduler, (base, client.clone()));
        Ok(client)
    }

    /// Where the sandbox listens: ours, another process's, or ours from now on.
    async fn base(&self, found: &mut Found) -> Result<Url> {
        if let Some(sandbox) = &found.hosted {
            return address(&sandbox.url);
        }
        let deadline = Instant::now() + PATIENCE;
        // The token and the files of earlier sessions belong to the address that they were made at.
        let mut listen = latest_address(&self.folder);
        loop {
            let usual = Options::in_folder(&self.folder);
            let options = Options {
                listen: listen.unwrap_or(usual.listen),
                prices: Prices { starting_credits: CREDITS, ..Prices::default() },
                // Where the old port is taken, the kept token does not count and is asked for again.
                same_token_again: true,
                peer_limit: None,
                ..usual
            };
            match Sandbox::start(options).await {
                Ok(sandbox) => {
                    let base = address(&sandbox.url)?;
                    found.hosted = Some(sandbox);
                    return Ok(base);
                }
                Err(sandbox::Error::InUse { url, .. }) if answers(&url).await => return address(&url),
                // Somebody else listens there now.
                Err(sandbox::Error::Listen { .. }) if listen.is_some() => listen = None,
                // It is starting or ending.
                Err(sandbox::Error::InUse { .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => {
                    return Err(Error::new(
                        Kind::Unavailable,
                        format!("The sandbox cannot be started: {error}."),
                    )
                    .next("Set FIRSTCUT_HOME to a folder of its own, or end the other process.")
                    .because(error));
                }
            }
        }
    }
}

/// Where the sandbox of this folder listened the last time.
fn latest_address(folder: &Path) -> Option<SocketAddr> {
    let url = std::fs::read_to_string(folder.join("address")).ok()?;
    let address: SocketAddr = url.trim().strip_prefix("http://")?.parse().ok()?;
    address.ip().is_loopback().then_some(address)
}

async fn answers(url: &str) -> bool {
    match Url::parse(url).ok().and_then(|url| url.socket_addrs(|| None).ok()) {
        Some(addresses) => TcpStream::connect(addresses.as_slice()).await.is_ok(),
        None => false,
    }
}

fn address(url: &str) -> Result<Url> {
    Url::parse(url)
        .map_err(|error| Error::internal("The sandbox's address is not an address.").because(error))
}
