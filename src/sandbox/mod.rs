//! The sandbox: the services, emulated on loopback, with scripted trouble.
//!
//! A real HTTP server with its own idea of the wire format (it shares no type with the clients), its own
//! folder for state, and an independent account of what it was asked and what it charged. What it emulates
//! and what it does not is written in `docs/sandbox.md`.

mod clock;
mod connection;
mod control;
mod faults;
mod files;
mod gate;
mod lock;
mod log;
mod loopback;
mod nemo;
mod options;
#[cfg(feature = "studio")]
pub mod render;
mod skillboss;
mod social;
mod spoil;
mod store;
mod studio;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use clock::Clock;
pub use faults::{Close, Endpoint, ErrorShape, Fault, Faults, FaultsHandle, Moment, Rule};
pub use log::{Charge, Entry, EntryKind, Log};
pub use options::{
    Account, AdkKeys, Dialect, EmptyDraft, Heartbeat, Options, Pace, Plan, Prices, RenderReply, SecondStage,
    Silence,
};
pub use skillboss::{
    Bill, Clips, Durations, Form, Idempotency, KeyHolder, Protocol, RECEIPT_KEY, STANDARD_KEY,
    SkillBossBooks, SkillBossOptions, Submission, Usd, WHOLESALE_KEY, Webhooks,
};

pub use social::{SOCIAL_KEY, SocialBooks, SocialPost};

/// Why the sandbox cannot start or cannot keep its books.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not on this machine's loopback interface.
    #[error("the sandbox listens on loopback only (127.0.0.1 or [::1]), not on {0}")]
    NotLoopback(SocketAddr),
    /// The address is taken or forbidden.
    #[error("the sandbox cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the sandbox's folder cannot be read or written.
    #[error("the sandbox cannot use {path}: {source}")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another sandbox, of this process or another, works in the folder.
    #[error("another sandbox works in {folder} already; it listens on {url}")]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Where that sandbox can be reached; empty while it is still starting.
        url: String,
    },
    /// A settings, fault or state file does not say what it should.
    #[error("{path}: {reason}")]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A running sandbox. Dropping it stops the server without waiting; [`Sandbox::stop`] lets answers finish.
#[derive(Debug)]
pub struct Sandbox {
    /// Where it listens.
    pub address: SocketAddr,
    /// The same as a base of addresses, for example `http://127.0.0.1:43121`; no slash at the end.
    pub url: String,
    /// What it was asked and what it charged.
    pub log: Log,
    /// Trouble, to be scripted while it runs.
    pub faults: FaultsHandle,
    /// What SkillBoss' half has accepted and charged.
    pub skillboss: SkillBossBooks,
    /// What the schedulers have taken.
    pub social: SocialBooks,
    /// Its clock, which tests may move.
    pub clock: Clock,
    closing: CancellationToken,
    server: Option<JoinHandle<()>>,
    /// The render node of one half, the jobs of the other.
    workers: Vec<JoinHandle<()>>,
    /// Held as long as this sandbox lives; the system lets go of it when the process dies.
    _alone: std::fs::File,
}

/// How long [`Sandbox::stop`] waits for answers that are under way.
const STOP_WITHIN: Duration = Duration::from_secs(2);

impl Sandbox {
    /// Opens the folder, binds the address and begins to answer.
    ///
    /// # Errors
    /// When the address is not on loopback or cannot be bound, when another sandbox works in the folder, or when the
    /// folder holds something else.
    pub async fn start(options: Options) -> Result<Self, Error> {
        if !options.listen.ip().is_loopback() {
            return Err(Error::NotLoopback(options.listen));
        }
        let alone = lock::alone_in(&options.folder)?;
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|source| Error::Listen { address: options.listen, source })?;
        let address =
            listener.local_addr().map_err(|source| Error::Listen { address: options.listen, source })?;
        let url = format!("http://{address}");
        lock::tell_address(&options.folder, &url)?;
        let clock = Clock::default();
        let log = Log::open(&options.folder, clock.clone())?;
        let faults = FaultsHandle::new(options.faults.clone());
        let closing = CancellationToken::new();

        let studio = studio::Studio::default();
        let (boss, jobs) = skillboss::SkillBoss::open(
            &options,
            url.clone(),
            clock.clone(),
            log.clone(),
            studio.clone(),
            closing.clone(),
        )?;
        let social = social::Social::open(&options, clock.clone())?;
        let (nemo, renders) =
            nemo::Nemo::open(options, url.clone(), clock.clone(), log.clone(), studio, closing.clone())?;
        let gate = Arc::new(gate::Gate {
            log: log.clone(),
            faults: faults.clone(),
            clock: clock.clone(),
            closing: closing.clone(),
        });
        let books = SkillBossBooks(Arc::clone(&boss));
        let posts = SocialBooks::new(Arc::clone(&social));
        let router = nemo::router(Arc::clone(&nemo))
            .merge(skillboss::router(Arc::clone(&boss)))
            .merge(social::router(Arc::clone(&social)))
            .merge(control::router(control::Control {
                gate: Arc::clone(&gate),
                books: books.clone(),
                posts: posts.clone(),
                reset: Box::new(move || {
                    nemo.reset()?;
                    boss.reset()?;
                    social.reset()
                }),
            }))
            .layer(axum::middleware::from_fn_with_state(gate, gate::pass));

        let told = closing.clone();
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<connection::Peer>();
            let served = axum::serve(connection::Line(listener), service)
                .with_graceful_shutdown(async move { told.cancelled().await })
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        Ok(Self {
            address,
            url,
            log,
            faults,
            skillboss: books,
            social: posts,
            clock,
            closing,
            server: Some(server),
            workers: vec![renders, jobs],
            _alone: alone,
        })
    }

    /// Lets answers that are under way finish (two seconds at most), then closes.
    pub async fn stop(mut self) {
        self.closing.cancel();
        for task in self.server.take().into_iter().chain(std::mem::take(&mut self.workers)) {
            let abort = task.abort_handle();
            if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.closing.cancel();
        for task in self.server.take().into_iter().chain(std::mem::take(&mut self.workers)) {
            task.abort();
        }
    }
}
