//! The embedded sandbox: started when a rehearsal is asked for, shared by the processes of one home.
//!
//! Its state lies in a folder. An OS file lock elects the process that serves it, on the port that was used
//! before if that is free; when that process ends, the next one that needs the sandbox takes over.

use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Mutex;
use url::Url;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::nemo;
use crate::nemo::timing::Timing;
use crate::sandbox::{Options, Prices, Sandbox};

/// How long to look for a sandbox that another process is just starting.
const PATIENCE: Duration = Duration::from_secs(5);

/// Enough for a year of rehearsals.
const REHEARSAL_CREDITS: i64 = 1_000_000;

/// Finds or starts the sandbox of one home.
pub(super) struct Rehearsal {
    folder: PathBuf,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// We serve it, for as long as this process lives.
    hosted: Option<(File, Sandbox)>,
    client: Option<(SocketAddr, nemo::Client)>,
}

impl Rehearsal {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, found: Mutex::default() }
    }

    /// A client of a sandbox that answers.
    pub(super) async fn client(&self, like: &config::Nemo, poll: Duration) -> Result<nemo::Client> {
        let mut found = self.found.lock().await;
        let address = self.address(&mut found).await?;
        if let Some((at, client)) = &found.client
            && *at == address
        {
            return Ok(client.clone());
        }
        let base = Url::parse(&format!("http://{address}"))
            .map_err(|error| Error::internal("The sandbox's address is not an address.").because(error))?;
        let client = nemo::Client::new(
            config::Nemo {
                // A real account's token must never reach an emulator, nor the other way round.
                token: None,
                client_id: None,
                api_url: base.clone(),
                web_url: base,
                identity_dir: self.folder.join("identity"),
                allow_loopback: true,
                poll,
                ..like.clone()
            },
            Timing::default(),
        );
        found.client = Some((address, client.clone()));
        Ok(client)
    }

    /// Where the sandbox listens: ours, another process's, or ours from now on.
    async fn address(&self, found: &mut Found) -> Result<SocketAddr> {
        if let Some((_, sandbox)) = &found.hosted {
            return Ok(sandbox.address);
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(lock) = self.try_lock()? {
                let sandbox = self.start().await?;
                let address = sandbox.address;
                found.hosted = Some((lock, sandbox));
                return Ok(address);
            }
            if let Some(address) = self.recorded()
                && TcpStream::connect(address).await.is_ok()
            {
                return Ok(address);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(Error::new(
                    Kind::Unavailable,
                    "Another firstcut process holds the sandbox and does not answer.",
                )
                .next("End that process, or set FIRSTCUT_HOME to another folder."));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn start(&self) -> Result<Sandbox> {
        let port = self.recorded().map_or(0, |address| address.port());
        let listen = |port| Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            // A rehearsal shall not end after one clip, as a real anonymous account would.
            prices: Prices { starting_credits: REHEARSAL_CREDITS, ..Prices::default() },
            ..Options::in_folder(&self.folder)
        };
        let sandbox = match Sandbox::start(listen(port)).await {
            Ok(sandbox) => sandbox,
            // Somebody else has the port by now; another one serves as well.
            Err(_) if port != 0 => Sandbox::start(listen(0)).await.map_err(cannot_start)?,
            Err(error) => return Err(cannot_start(error)),
        };
        let file = self.address_file();
        std::fs::write(&file, sandbox.address.to_string())
            .map_err(|error| Error::storage(format!("{} cannot be written.", file.display()), error))?;
        Ok(sandbox)
    }

    fn try_lock(&self) -> Result<Option<File>> {
        let unusable = |path: &Path, error| {
            Error::storage(format!("The sandbox's folder cannot be used: {}.", path.display()), error)
        };
        std::fs::create_dir_all(&self.folder).map_err(|error| unusable(&self.folder, error))?;
        let path = self.folder.join("host.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| unusable(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unusable(&path, error)),
        }
    }

    fn recorded(&self) -> Option<SocketAddr> {
        std::fs::read_to_string(self.address_file()).ok()?.trim().parse().ok()
    }

    fn address_file(&self) -> PathBuf {
        self.folder.join("address")
    }
}

fn cannot_start(error: crate::sandbox::Error) -> Error {
    Error::new(Kind::Unavailable, "The sandbox cannot be started.").because(error)
}
