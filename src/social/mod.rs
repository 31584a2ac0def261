//! Schedulers: those who put a finished clip before people, now or later. Nothing is posted unless it was asked for.
//!
//! One message for each channel; what an answer proves about it decides whether it may ever be sent again.

mod ayrshare;
mod buffer;
mod call;
mod caption;
pub mod channels;
mod hook;
mod postiz;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use crate::config::Social;
use crate::error::{Error, Kind, Result};
use crate::model::delivery::{Channel, Scheduler, Timing};
use crate::model::job::EpochMs;
use crate::model::report::FileReport;
use crate::net::guard::Guard;
use crate::net::http::Http;
use crate::redact::{Secret, never_show};

/// No connection for so long, and the scheduler counts as down.
const CONNECT: Duration = Duration::from_secs(10);
/// A lost message may be on its way for so long at most; a list that does not show it after that proves that it never
/// arrived.
const GRACE: Duration = Duration::from_secs(15 * 60);
/// The same for the sandbox.
const GRACE_SANDBOX: Duration = Duration::from_secs(3);

/// A clip on one channel.
#[derive(Clone, Debug)]
pub struct Message {
    /// Ours, the same however often it is sent.
    pub key: String,
    /// Where it appears.
    pub channel: Channel,
    /// The words under it.
    pub caption: String,
    /// A short title, for networks that want one.
    pub title: String,
    /// When it appears.
    pub timing: Timing,
    /// Where everybody can fetch the clip, for as long as the post exists.
    pub media_url: Url,
    /// What is known of the file.
    pub file: FileReport,
    /// Its sum.
    pub sha256: String,
    /// When it was asked for.
    pub asked_at_ms: EpochMs,
}

/// The one request that makes a post.
#[derive(Debug)]
pub struct Ready(reqwest::RequestBuilder);

/// What a scheduler made of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its name for the post; empty when it gave none.
    pub id: String,
    /// Its word for where the post stands, such as `draft` or `scheduled`.
    pub status: String,
    /// Where the post can be seen, if it can be.
    pub url: Option<String>,
}

/// What a list shows of a message whose answer was lost.
#[derive(Debug, Default)]
pub struct Found {
    /// The posts that can only be this message.
    pub ours: Vec<Receipt>,
    /// Posts that came to the same account since it left, and are not known to be others: one of them may be it.
    pub perhaps: Vec<Receipt>,
}

/// What an answer proves.
#[derive(Debug)]
pub enum Sent {
    /// It has the message.
    Accepted(Receipt),
    /// It surely does nothing with it.
    Refused(Error),
    /// It may have it.
    Doubtful(Error),
    /// It had this key before; what became of it then, its list tells.
    Known,
}

/// What may be done about a message whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The scheduler's list shows whether it arrived; absent from it for the grace, it never did.
    Look,
    /// It may be sent again: the scheduler knows the key.
    Repeat,
    /// Only a person can tell.
    Ask,
}

/// A scheduler, as a client. Clones share it; nothing is contacted before it is used.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    scheduler: Scheduler,
    settings: Social,
    http: Http,
    base: Url,
    grace: Duration,
    /// Accounts at the scheduler, read once.
    accounts: Mutex<Option<Vec<Account>>>,
}

/// An account at a scheduler.
#[derive(Clone, Debug)]
struct Account {
    id: String,
    name: String,
    /// The network, as the scheduler calls it.
    service: String,
    /// The organisation that it belongs to, where there are such.
    organization: String,
    /// Why nothing can be posted to it now, as an end of a sentence.
    closed: Option<&'static str>,
    /// Its queue stands still: what joins that never appears.
    is_paused: bool,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("scheduler", &self.inner.scheduler).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of a scheduler.
    ///
    /// # Errors
    /// `Config` when it is not set up.
    pub fn new(scheduler: Scheduler, settings: &Social) -> Result<Self> {
        Self::with_grace(scheduler, settings, GRACE)
    }

    /// A client of the sandbox's own scheduler, where nothing is on its way for long. Being on this machine does not make
    /// one: a real scheduler may run here too.
    ///
    /// # Errors
    /// `Config` when it is not set up.
    pub fn of_sandbox(scheduler: Scheduler, settings: &Social) -> Result<Self> {
        Self::with_grace(scheduler, settings, GRACE_SANDBOX)
    }

    fn with_grace(scheduler: Scheduler, settings: &Social, grace: Duration) -> Result<Self> {
        let base = match scheduler {
            Scheduler::Buffer => Some(settings.buffer_url.clone()),
            Scheduler::Ayrshare => Some(settings.ayrshare_url.clone()),
            Scheduler::Postiz => Some(settings.postiz_url.clone()),
            Scheduler::Hook => settings.hook_url.clone(),
        };
        let base = base.ok_or_else(|| missing(scheduler))?;
        let secrets =
            [&settings.buffer_key, &settings.ayrshare_key, &settings.postiz_key, &settings.hook_secret];
        secrets.into_iter().chain([&settings.ayrshare_profile]).flatten().for_each(never_show);
        // Whoever knows the address of a hook may post through it.
        if scheduler == Scheduler::Hook && base.path() != "/" {
            never_show(&Secret::new(base.as_str()));
        }
        let inner = Inner {
            scheduler,
            http: Http::new(&base, CONNECT),
            base,
            settings: settings.clone(),
            grace,
            accounts: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Who it is.
    #[must_use]
    pub fn scheduler(&self) -> Scheduler {
        self.inner.scheduler
    }

    /// Refuses an address that others cannot fetch the clip from for as long as the post exists.
    ///
    /// # Errors
    /// `Forbidden`, with the fix.
    pub fn vet(&self, url: &Url) -> Result<()> {
        let signed = url.query_pairs().any(|(name, _)| {
            let name = name.to_ascii_lowercase();
            name.starts_with("x-amz-") || ["signature", "expires", "token", "sig"].contains(&name.as_str())
        });
        if signed {
            return Err(Error::new(
                Kind::Forbidden,
                "The clip's address is signed and runs out, perhaps before the post appears. Nothing was posted.",
            )
            .next("Set FIRSTCUT_BUCKET_URL to a public address of the bucket or a CDN before it."));
        }
        Guard::new(self.inner.settings.allow_loopback, CONNECT).vet(url).map_err(|error| {
            let what = format!("{} cannot fetch the clip from there. Nothing was posted.", self.title());
            Error::new(Kind::Forbidden, what)
                .next("Set FIRSTCUT_BUCKET_URL to a public https address of the bucket or a CDN before it.")
                .because(error)
        })
    }

    /// Everything before the one request that makes the post: slow, and seen by nobody.
    ///
    /// # Errors
    /// When the scheduler cannot be asked or does not take the message; nothing was posted.
    pub async fn prepare(&self, message: &Message) -> Result<Ready> {
        let request = match self.inner.scheduler {
            Scheduler::Buffer => buffer::prepare(self, message).await,
            Scheduler::Ayrshare => ayrshare::prepare(self, message),
            Scheduler::Postiz => postiz::prepare(self, message).await,
            Scheduler::Hook => hook::prepare(self, message),
        };
        request.map(Ready)
    }

    /// Sends a message, once: the one request, and nothing before it.
    pub async fn send(&self, message: &Message, ready: Ready) -> Sent {
        let answer = match call::ask(ready.0).await {
            Ok(answer) => answer,
            Err(failure) => return self.lost_answer(failure),
        };
        match self.inner.scheduler {
            Scheduler::Buffer => buffer::sent(self, message, &answer),
            Scheduler::Ayrshare => ayrshare::sent(self, &answer),
            Scheduler::Postiz => postiz::sent(self, message, &answer),
            Scheduler::Hook => hook::sent(self, message, &answer),
        }
    }

    /// The posts in the scheduler's list that can be this message, which left at `since_ms`.
    ///
    /// # Errors
    /// When the list cannot be read; that proves nothing.
    pub async fn find(&self, message: &Message, since_ms: EpochMs) -> Result<Found> {
        let surely = |ours| Found { ours, perhaps: Vec::new() };
        match self.inner.scheduler {
            Scheduler::Buffer => buffer::find(self, message, since_ms).await,
            Scheduler::Ayrshare => ayrshare::find(self, message).await.map(surely),
            Scheduler::Postiz => postiz::find(self, message).await.map(surely),
            Scheduler::Hook => Err(Error::internal("A hook has no list.")),
        }
    }

    /// What may be done about a message of this timing whose answer was lost.
    #[must_use]
    pub fn lost(&self, timing: Timing) -> Lost {
        match self.inner.scheduler {
            // It puts its own time on these, so that nothing in its list tells them from others with the same words.
            Scheduler::Postiz if matches!(timing, Timing::Now | Timing::Queue) => Lost::Ask,
            Scheduler::Buffer | Scheduler::Postiz => Lost::Look,
            Scheduler::Ayrshare => Lost::Repeat,
            Scheduler::Hook if self.inner.settings.hook_ignores_repeats => Lost::Repeat,
            Scheduler::Hook => Lost::Ask,
        }
    }

    /// How long a lost message may still be on its way.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.inner.grace
    }

    /// Whether the scheduler takes our key, for `doctor`: the accounts that it shows, as `network:name`.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub async fn check(&self) -> Result<Vec<String>> {
        let accounts = match self.inner.scheduler {
            Scheduler::Buffer => buffer::accounts(self).await?,
            Scheduler::Postiz => postiz::accounts(self).await?,
            Scheduler::Ayrshare => ayrshare::accounts(self).await?,
            // It takes posts and answers no questions.
            Scheduler::Hook => Vec::new(),
        };
        Ok(accounts.into_iter().map(|account| format!("{}:{}", account.service, account.name)).collect())
    }

    fn title(&self) -> &'static str {
        self.inner.scheduler.title()
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        let mut url = self.inner.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::new(Kind::Config, format!("The address of {} is none.", self.title())))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    /// The account that a channel means, of those that are known; when it is none of them, they are listed anew.
    async fn account(
        &self,
        channel: &Channel,
        services: &[&str],
        listing: impl Future<Output = Result<Vec<Account>>>,
    ) -> Result<Account> {
        let mut known = self.inner.accounts.lock().await;
        if let Some(accounts) = known.as_ref()
            && let Ok(account) = self.pick(channel, accounts, services)
            // What was closed may have been opened since.
            && account.closed.is_none()
            && !account.is_paused
        {
            return Ok(account.clone());
        }
        let accounts = listing.await?;
        let account = self.pick(channel, &accounts, services).cloned();
        *known = Some(accounts);
        account
    }

    /// The account that a channel means: the only one of its network, or the one of that name or id.
    fn pick<'a>(&self, channel: &Channel, accounts: &'a [Account], services: &[&str]) -> Result<&'a Account> {
        let of_network: Vec<&Account> =
            accounts.iter().filter(|account| services.contains(&account.service.as_str())).collect();
        let network = channels::network(channel)?;
        let is_named = |account: &&&Account| match &channel.account {
            Some(name) => account.id == *name || account.name.eq_ignore_ascii_case(name),
            None => true,
        };
        let found: Vec<&&Account> = of_network.iter().filter(is_named).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let what = format!("{} has no account for {channel} ({}).", self.title(), network.title);
                let names: Vec<_> =
                    accounts.iter().map(|account| format!("{}:{}", account.service, account.name)).collect();
                let next = if names.is_empty() {
                    "Connect one there.".to_owned()
                } else {
                    format!(
                        "Connect it there, or take one of: {}.",
                        crate::redact::quote(&names.join(", "), 300)
                    )
                };
                Err(Error::new(Kind::Config, what).next(next))
            }
            several => {
                let names: Vec<_> =
                    several.iter().map(|account| format!("{}:{}", channel.network, account.name)).collect();
                let what = format!("{} has several accounts for {}.", self.title(), network.title);
                Err(Error::new(Kind::Config, what)
                    .next(format!("Say which one: {}.", crate::redact::quote(&names.join(", "), 300))))
            }
        }
    }
}

/// The key of a scheduler.
fn key(key: Option<&Secret>, scheduler: Scheduler) -> Result<&Secret> {
    key.ok_or_else(|| missing(scheduler))
}

fn missing(scheduler: Scheduler) -> Error {
    Error::new(Kind::Config, format!("{} is not set up.", scheduler.title()))
        .next("Set its key or address; README lists the settings.")
}

/// A moment as schedulers write it: UTC, to the millisecond.
fn instant(at_ms: EpochMs) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}
