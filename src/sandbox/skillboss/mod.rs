//! SkillBoss, emulated: its one door for all models, its jobs, its money, its webhooks.
//!
//! Two published forms of answers and the waiting call, as the API pages and public clients show them; what nobody has
//! published is chosen here, marked `x_emulated`, and can be switched in [`SkillBossOptions`].

mod account;
mod answer;
mod books;
mod cancel;
mod catalog;
mod chat;
mod estimate;
mod film;
mod inputs;
mod media;
mod models;
mod options;
mod pilot;
mod queue;
mod receipts;
mod rows;
mod rules;
mod run;
mod shape;
mod sign;
mod spending;
mod status;
mod sub_wallets;
mod trial;
mod usage;
mod usd;
mod webhook;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::Method;
use axum::middleware::map_response_with_state;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::rows::{Job, Wallet};
use super::faults::Endpoint;
use super::gate::About;
use super::store::Table;
use super::studio::Studio;
use super::{Clock, Error, Log, Options, Pace, loopback};

pub use self::books::{Bill, SkillBossBooks, Submission};
pub use self::options::{
    Clips, Durations, Form, Idempotency, KeyHolder, Protocol, RECEIPT_KEY, STANDARD_KEY, SkillBossOptions,
    WHOLESALE_KEY, Webhooks,
};
pub use self::usd::Usd;

/// Everything that the handlers share.
pub(super) struct SkillBoss {
    options: SkillBossOptions,
    folder: PathBuf,
    /// Where this server is reached; links begin with it.
    base: String,
    pace: Pace,
    clock: Clock,
    log: Log,
    studio: Studio,
    closing: CancellationToken,
    /// Jobs and webhooks under way.
    tasks: TaskTracker,
    wallets: Table<Wallet>,
    jobs: Table<Job>,
    /// The number of the next job.
    next: AtomicU64,
    /// Held while money is counted and moved.
    money: Mutex<()>,
    /// A job has ended.
    job_ended: Notify,
    /// A webhook has been sent.
    webhook_sent: Notify,
    /// Signs links to files.
    secret: [u8; 32],
    /// Calls webhooks; never leaves this machine.
    http: reqwest::Client,
}

impl SkillBoss {
    /// Reads the folder and takes up what a kill left behind. The handle ends when all work is put down.
    pub(super) fn open(
        options: &Options,
        base: String,
        clock: Clock,
        log: Log,
        studio: Studio,
        closing: CancellationToken,
    ) -> Result<(Arc<Self>, JoinHandle<()>), Error> {
        let folder = options.folder.join("skillboss");
        let trouble = |source| Error::Folder { path: folder.clone(), source };
        let wallets = Table::open(folder.join("wallets"))?;
        let jobs: Table<Job> = Table::open(folder.join("jobs"))?;
        let last = jobs.fold(0, |last, job| last.max(job.number));
        let boss = Arc::new(Self {
            options: options.skillboss.clone(),
            base,
            pace: options.pace,
            clock,
            log,
            studio,
            tasks: TaskTracker::new(),
            wallets,
            jobs,
            next: AtomicU64::new(last + 1),
            money: Mutex::default(),
            job_ended: Notify::new(),
            webhook_sent: Notify::new(),
            secret: media::secret(&folder).map_err(trouble)?,
            http: loopback::client(&folder)?,
            folder: folder.clone(),
            closing: closing.clone(),
        });
        boss.make_folders().map_err(trouble)?;
        boss.sweep().map_err(trouble)?;
        boss.add_accounts().map_err(trouble)?;
        queue::resume(&boss);
        let tasks = boss.tasks.clone();
        let worker = tokio::spawn(async move {
            closing.cancelled().await;
            tasks.close();
            tasks.wait().await;
        });
        Ok((boss, worker))
    }

    /// Forgets everybody and everything. Work that is under way finds nothing to finish.
    pub(super) fn reset(&self) -> io::Result<()> {
        self.jobs.clear()?;
        self.wallets.clear()?;
        self.job_ended.notify_waiters();
        std::fs::remove_dir_all(self.clips_folder())?;
        self.make_folders()?;
        self.add_accounts()
    }

    fn make_folders(&self) -> io::Result<()> {
        std::fs::create_dir_all(self.clips_folder())
    }

    /// Removes what a kill left half-drawn.
    fn sweep(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.clips_folder())? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "part") {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Finished clips, and the pictures that they begin with.
    fn clips_folder(&self) -> PathBuf {
        self.folder.join("clips")
    }

    /// Nobody else counts or moves money while this is held.
    fn money(&self) -> MutexGuard<'_, ()> {
        self.money.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of the service.
pub(super) fn router(boss: Arc<SkillBoss>) -> Router {
    Router::new()
        .route("/v1/run", post(run::run))
        .route("/v1/job", get(status::list))
        .route("/v1/job/{id}", get(status::job))
        .route("/v1/run/status/{id}", get(status::run_status))
        .route("/v1/run/cancel/{id}", post(cancel::cancel))
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/models", get(catalog::models))
        .route("/v1/models/{*id}", get(catalog::model))
        .route("/v1/pilot", post(pilot::pilot))
        .route("/v1/wallet/balance", get(usage::balance))
        .route("/v1/sub-wallets", get(sub_wallets::list).post(sub_wallets::open))
        .route("/v1/agents/budget", get(rules::budget).post(rules::set_budget))
        .route("/api/me/balance", get(usage::balance))
        .route("/api/me/usage", get(usage::usage))
        .route("/api/wallet/rules", get(rules::rules).post(rules::set_rules))
        .route("/api/estimate", post(estimate::estimate))
        .route("/api/receipts/verify", post(receipts::verify))
        .route("/api/try/anonymous-wallet", post(trial::trial))
        .route("/api/status", get(catalog::health))
        .route("/api/catalog", get(catalog::catalog))
        .route("/media/{name}", get(media::file))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(map_response_with_state(Arc::clone(&boss), answer::in_one_shape))
        .with_state(boss)
}

/// Which endpoint a request means.
pub(super) fn endpoint_of(method: &Method, path: &str) -> Option<Endpoint> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Some(match (method.as_str(), parts.as_slice()) {
        ("POST", ["v1", "run"]) => Endpoint::Run,
        ("GET", ["v1", "run", "status", _]) => Endpoint::RunStatus,
        ("POST", ["v1", "run", "cancel", _]) => Endpoint::RunCancel,
        ("GET", ["v1", "job"]) => Endpoint::Jobs,
        ("GET", ["v1", "job", _]) => Endpoint::Job,
        ("GET", ["v1", "models", ..]) => Endpoint::Models,
        (_, ["v1", "pilot", ..]) => Endpoint::Pilot,
        ("POST", ["v1", "chat", "completions"]) => Endpoint::Chat,
        ("POST", ["api", "estimate"]) => Endpoint::Estimate,
        (_, ["api", "wallet", "rules"]) => Endpoint::WalletRules,
        (_, ["v1", "sub-wallets"]) => Endpoint::SubWallets,
        (_, ["v1", "agents", "budget"]) => Endpoint::Budget,
        ("POST", ["api", "receipts", "verify"]) => Endpoint::Receipts,
        ("POST", ["api", "try", "anonymous-wallet"]) => Endpoint::TrialWallet,
        ("GET", ["v1", "wallet", "balance"] | ["api", "me", "balance"]) => Endpoint::Balance,
        ("GET", ["api", "me", "usage"]) => Endpoint::Usage,
        ("GET", ["api", "status"]) => Endpoint::ServiceStatus,
        ("GET", ["api", "catalog"]) => Endpoint::Catalog,
        ("GET" | "HEAD", ["media", _]) => Endpoint::Media,
        _ => return None,
    })
}

/// Reads the job out of a path, and the prompt out of a body.
pub(super) fn about(path: &str, body: &[u8]) -> About {
    let job = match path.trim_start_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        ["v1", "run", "status" | "cancel", id] | ["v1", "job", id] => Some((*id).to_owned()),
        ["media", name] => Some(name.trim_end_matches(".mp4").to_owned()),
        _ => None,
    };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let prompt = body.pointer("/inputs/prompt").and_then(Value::as_str).map(str::to_owned);
    About { session: job, render: None, text: prompt }
}
