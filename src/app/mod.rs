//! Every part built once, in plain sight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, OnceCell, OwnedSemaphorePermit, Semaphore, watch};

use crate::config::{Config, ServiceChoice, Social};
use crate::delivery::Store;
use crate::error::{Error, Kind, Result};
use crate::ledger::Ledger;
use crate::model::catalog::Catalog;
use crate::model::delivery::Scheduler;
use crate::model::job::{EpochMs, JobId, Service};
use crate::nemo::timing::Timing;
use crate::net::http::is_loopback_name;
use crate::{nemo, sandbox, skillboss, social};

mod rehearsal;

/// Paid requests that may be under way at once in this process; each takes less than a second.
const MAX_SENDING: usize = 4;

/// The parts of firstcut, cheap to clone. Nothing is opened or contacted until it is needed, because every
/// assistant that merely lists our tools pays for the start.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
    /// What this connection made or was given last.
    current: Arc<Mutex<Option<Current>>>,
}

/// What a connection works on, for the calls that name no session.
#[derive(Clone, Debug)]
pub enum Current {
    /// A session.
    Session(Service, String),
    /// A job whose session is made on the way.
    Job(JobId),
}

struct Parts {
    config: Config,
    ledger: OnceCell<Ledger>,
    nemo: OnceCell<nemo::Client>,
    skillboss: OnceCell<skillboss::Client>,
    catalog: OnceCell<Catalog>,
    store: OnceLock<Arc<Store>>,
    /// Those that were used.
    schedulers: Mutex<HashMap<Scheduler, social::Client>>,
    /// Paid requests under way: each one at the moment of a crash is one that somebody has to look after.
    sending: Arc<Semaphore>,
    rehearsal: rehearsal::Rehearsal,
    /// Whether something real was asked for through this process.
    real: watch::Sender<bool>,
    /// Rung whenever this process changes a job; waiters and the engine listen.
    changed: Notify,
}

impl App {
    /// Builds the parts and opens none of them.
    #[must_use]
    pub fn build(config: Config) -> Self {
        Self {
            parts: Arc::new(Parts {
                rehearsal: rehearsal::Rehearsal::new(config.sandbox_dir.clone()),
                config,
                ledger: OnceCell::new(),
                nemo: OnceCell::new(),
                skillboss: OnceCell::new(),
                catalog: OnceCell::new(),
                store: OnceLock::new(),
                schedulers: Mutex::default(),
                sending: Arc::new(Semaphore::new(MAX_SENDING)),
                real: watch::Sender::new(false),
                changed: Notify::new(),
            }),
            current: Arc::default(),
        }
    }

    /// The same parts for another connection, which works on nothing yet.
    #[must_use]
    pub fn for_another(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), current: Arc::default() }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// The ledger, opened at the first call.
    pub async fn ledger(&self) -> Result<&Ledger> {
        self.parts.ledger.get_or_try_init(|| Ledger::open(&self.parts.config.ledger_file)).await
    }

    /// The ledger if there is one already; who only looks makes none.
    pub async fn known_ledger(&self) -> Result<Option<&Ledger>> {
        match self.parts.ledger.initialized() || self.parts.config.ledger_file.exists() {
            true => self.ledger().await.map(Some),
            false => Ok(None),
        }
    }

    /// The NemoVideo client of a service. For the sandbox this makes sure that one is running.
    pub async fn client(&self, service: Service) -> Result<nemo::Client> {
        match service {
            Service::SkillBoss => Err(Error::internal("SkillBoss has no sessions.")),
            Service::Nemo => {
                let open = || async {
                    Ok::<_, Error>(nemo::Client::new(self.parts.config.nemo.clone(), Timing::default()))
                };
                self.parts.nemo.get_or_try_init(open).await.cloned()
            }
            Service::Sandbox => {
                self.parts.rehearsal.client(&self.parts.config.nemo, self.poll(service)).await
            }
        }
    }

    /// The SkillBoss client of a service. For the sandbox this makes sure that one is running.
    pub async fn skillboss(&self, service: Service) -> Result<skillboss::Client> {
        match service {
            Service::Nemo => Err(Error::internal("NemoVideo has no models to choose from.")),
            Service::SkillBoss => {
                let open = || async {
                    let settings = self.parts.config.skillboss.clone();
                    Ok::<_, Error>(skillboss::Client::new(settings, skillboss::Timing::default()))
                };
                self.parts.skillboss.get_or_try_init(open).await.cloned()
            }
            Service::Sandbox => self.parts.rehearsal.skillboss(&self.parts.config.skillboss).await,
        }
    }

    /// Models, limits and prices: the built-in ones and the user's over them.
    pub async fn catalog(&self) -> Result<&Catalog> {
        let load = || async { Catalog::load(self.parts.config.catalog_file.as_deref()) };
        self.parts.catalog.get_or_try_init(load).await
    }

    /// The bucket.
    ///
    /// # Errors
    /// `Config` when none is set up.
    pub fn store(&self) -> Result<Arc<Store>> {
        let settings = self.parts.config.bucket.clone().ok_or_else(|| {
            Error::new(Kind::Config, "No bucket is set up.")
                .next("Set FIRSTCUT_BUCKET, and the usual AWS_* keys.")
        })?;
        Ok(Arc::clone(self.parts.store.get_or_init(|| Arc::new(Store::new(settings)))))
    }

    /// A scheduler. For the sandbox this makes sure that one is running, which stands in for it: a rehearsal is never
    /// posted.
    ///
    /// # Errors
    /// `Config` when it is not set up.
    pub async fn scheduler(&self, scheduler: Scheduler, service: Service) -> Result<social::Client> {
        let settings = &self.parts.config.social;
        if service == Service::Sandbox {
            return self.parts.rehearsal.scheduler(scheduler, settings).await;
        }
        let mut schedulers = self.parts.schedulers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = schedulers.get(&scheduler) {
            return Ok(client.clone());
        }
        // Only the sandbox's own key tells it from a real scheduler on this machine.
        let client = if is_of_sandbox(scheduler, settings) {
            social::Client::of_sandbox(scheduler, settings)?
        } else {
            social::Client::new(scheduler, settings)?
        };
        schedulers.insert(scheduler, client.clone());
        Ok(client)
    }

    /// The right to send a paid request; held until its answer is written down.
    pub async fn sending(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.parts.sending).acquire_owned().await.ok()
    }

    /// The service whose sessions a call means: its own word, else the setting. SkillBoss has none.
    pub fn service(&self, word: Option<&str>) -> Result<Service> {
        match word.map(str::trim).filter(|word| !word.is_empty()) {
            None | Some("auto") => Ok(match self.parts.config.service {
                ServiceChoice::Auto | ServiceChoice::Nemo | ServiceChoice::SkillBoss => Service::Nemo,
                ServiceChoice::Sandbox => Service::Sandbox,
            }),
            Some(word) => match word.parse()? {
                Service::SkillBoss => Err(Error::invalid(
                    "SkillBoss makes clips and has no sessions or timelines. Nothing was sent.",
                )
                .next("Leave service out, or name nemo or sandbox.")),
                service => Ok(service),
            },
        }
    }

    /// Pause between two questions about running work: the skill says 30 s; a rehearsal need not be that slow.
    #[must_use]
    pub fn poll(&self, service: Service) -> Duration {
        self.parts.config.poll.unwrap_or(match service {
            Service::Nemo => Duration::from_secs(30),
            // Every 5 to 10 s (wholesale video API, "Poll status"), spread by `jitter`.
            Service::SkillBoss => Duration::from_millis(7_500),
            Service::Sandbox => Duration::from_secs(1),
        })
    }

    /// A pause, up to a third shorter or longer, so that many jobs do not ask at the same moment.
    #[must_use]
    pub fn jitter(&self, pause: Duration) -> Duration {
        let random = f64::from(uuid::Uuid::new_v4().as_u64_pair().0 as u32) / f64::from(u32::MAX);
        pause.mul_f64(2.0f64.mul_add(random, 2.0) / 3.0)
    }

    /// How long to leave a service alone after a lost or refused message: the skill's 30 s, whatever the polling
    /// interval, unless the service is a rehearsal on this machine.
    #[must_use]
    pub fn patience(&self, service: Service) -> Duration {
        match service {
            Service::Nemo => self.parts.config.nemo.patience(),
            Service::SkillBoss | Service::Sandbox => self.poll(service),
        }
    }

    /// The wall clock, which also advances while the machine sleeps.
    #[must_use]
    pub fn now_ms(&self) -> EpochMs {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        EpochMs::try_from(since.as_millis()).unwrap_or(EpochMs::MAX)
    }

    /// Something real was asked for through this process: should it have been started for rehearsals, it moves real
    /// jobs from now on.
    pub fn ask_for_real(&self) {
        self.parts.real.send_replace(true);
    }

    /// Completes when [`ask_for_real`](Self::ask_for_real) was called, be it before.
    pub async fn real_is_asked_for(&self) {
        // The sender is ours and does not go away.
        let mut real = self.parts.real.subscribe();
        let _there = real.wait_for(|asked| *asked).await;
    }

    /// Tells waiters and the engine of this process that a job changed.
    pub fn ring(&self) {
        self.parts.changed.notify_waiters();
    }

    /// Completes at the next [`ring`](Self::ring). Create it before looking at the ledger, so that none is missed.
    pub fn rung(&self) -> impl Future<Output = ()> + '_ {
        self.parts.changed.notified()
    }

    /// What this connection made or was given last.
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers it for the calls that name no session.
    pub fn set_current(&self, current: Current) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
    }
}

/// Whether a scheduler that is set up is the sandbox, started by hand: it takes the key that stands in its manual.
fn is_of_sandbox(scheduler: Scheduler, settings: &Social) -> bool {
    let (url, key) = match scheduler {
        Scheduler::Buffer => (Some(&settings.buffer_url), &settings.buffer_key),
        Scheduler::Ayrshare => (Some(&settings.ayrshare_url), &settings.ayrshare_key),
        Scheduler::Postiz => (Some(&settings.postiz_url), &settings.postiz_key),
        Scheduler::Hook => (settings.hook_url.as_ref(), &settings.hook_secret),
    };
    url.is_some_and(is_loopback_name) && key.as_ref().is_some_and(|key| key.reveal() == sandbox::SOCIAL_KEY)
}
