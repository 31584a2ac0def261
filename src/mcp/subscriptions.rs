//! News for clients that asked for it: something that they read has changed, or there is something new to read.
//!
//! Changes of this process ring a bell, those of others show in the ledger's revision; what changed is told by comparing
//! marks. Nothing is looked at while nobody waits for news.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ResourceUpdatedNotificationParam, SubscriptionFilter};
use rmcp::service::{Peer, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer};
use tokio::sync::Mutex;

use crate::app::App;
use crate::error::Result;
use crate::ledger::{Ledger, Mark};
use crate::mcp::resources::{self, Address};
use crate::mcp::server::Server;

/// How soon a change that another process made is told.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The same for the list alone, which a client has read without asking for news.
const LIST_EVERY: Duration = Duration::from_secs(2);
/// A job changes several times in a moment; that is one piece of news.
const GATHER: Duration = Duration::from_millis(200);
/// What one client may wait for; each costs a question to the ledger at every change.
const MOST: usize = 200;

/// What news can be about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// There is something new to read.
    List,
    /// What stands there has changed.
    At(Address),
}

impl Subject {
    async fn mark(&self, ledger: &Ledger) -> Result<Option<Mark>> {
        match self {
            Self::List => ledger.list_mark().await,
            Self::At(Address::Jobs) => ledger.jobs_mark().await,
            Self::At(Address::Job(id) | Address::Sheet(id) | Address::Video(id)) => ledger.job_mark(id).await,
            Self::At(Address::Timeline(id)) => ledger.session_mark(id).await,
            Self::At(Address::Models) => Ok(None),
        }
    }
}

/// What is waited for, and how it was when somebody looked last.
struct Watch {
    app: App,
    revision: Option<i64>,
    marks: BTreeMap<Subject, Option<Mark>>,
}

impl Watch {
    fn new(app: App) -> Self {
        Self { app, revision: None, marks: BTreeMap::new() }
    }

    /// From now on changes of this are news.
    async fn add(&mut self, subject: Subject) -> Result<()> {
        let mark = match self.app.known_ledger().await? {
            Some(ledger) => subject.mark(ledger).await?,
            None => None,
        };
        self.marks.entry(subject).or_insert(mark);
        Ok(())
    }

    /// What has changed since the last look.
    async fn look(&mut self) -> Result<Vec<Subject>> {
        let Some(ledger) = self.app.known_ledger().await? else { return Ok(Vec::new()) };
        let revision = ledger.revision().await?;
        if self.revision == Some(revision) {
            return Ok(Vec::new());
        }
        // Read first and kept then, so that no news is lost when one question fails.
        let mut marks = Vec::with_capacity(self.marks.len());
        for subject in self.marks.keys() {
            marks.push(subject.mark(ledger).await?);
        }
        self.revision = Some(revision);
        let mut news = Vec::new();
        for ((subject, known), mark) in self.marks.iter_mut().zip(marks) {
            if *known != mark {
                *known = mark;
                news.push(subject.clone());
            }
        }
        Ok(news)
    }

    /// The same, where a ledger that cannot be read for a moment is no news.
    async fn news(&mut self) -> Vec<Subject> {
        self.look().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "subscribers cannot be told what changed: the ledger cannot be read");
            Vec::new()
        })
    }

    /// How long nothing need be looked at unless the bell rings.
    fn pause(&self) -> Duration {
        let only_list = self.marks.keys().all(|subject| *subject == Subject::List);
        if only_list { LIST_EVERY } else { LOOK_EVERY }
    }
}

/// What this connection of the older era has subscribed to; the newer era subscribes by a request that stays open.
#[derive(Clone)]
pub(super) struct Subscriptions(Arc<Mutex<Standing>>);

struct Standing {
    watch: Watch,
    /// Whether somebody is looking.
    watched: bool,
}

impl Subscriptions {
    pub(super) fn new(app: App) -> Self {
        Self(Arc::new(Mutex::new(Standing { watch: Watch::new(app), watched: false })))
    }

    async fn add(&self, subject: Subject, request: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
        let mut standing = self.0.lock().await;
        if standing.watch.marks.len() >= MOST && !standing.watch.marks.contains_key(&subject) {
            return Err(ErrorData::invalid_params(
                format!("There are {MOST} subscriptions already; end one with resources/unsubscribe first."),
                None,
            ));
        }
        standing.watch.add(subject).await.map_err(|error| resources::refusal(&error))?;
        if !standing.watched {
            standing.watched = true;
            tokio::spawn(self.clone().tell(request.peer.clone()));
        }
        Ok(())
    }

    /// Tells the client what changes, until it waits for nothing any more; that it has left is seen at the next look.
    async fn tell(self, peer: Peer<RoleServer>) {
        let app = self.0.lock().await.watch.app.clone();
        loop {
            let rung = app.rung();
            let (news, pause) = {
                let mut standing = self.0.lock().await;
                if standing.watch.marks.is_empty() || peer.is_transport_closed() {
                    standing.watched = false;
                    return;
                }
                (standing.watch.news().await, standing.watch.pause())
            };
            for subject in news {
                let told = match subject {
                    Subject::List => peer.notify_resource_list_changed().await,
                    Subject::At(address) => {
                        let param = ResourceUpdatedNotificationParam::new(address.to_string());
                        peer.notify_resource_updated(param).await
                    }
                };
                if let Err(error) = told {
                    tracing::debug!(%error, "a client took no news");
                }
            }
            wait(rung, pause).await;
        }
    }
}

/// Until the bell has rung, or until it is time to look anyway.
async fn wait(rung: impl Future<Output = ()>, pause: Duration) {
    tokio::select! {
        () = rung => tokio::time::sleep(GATHER).await,
        () = tokio::time::sleep(pause) => {}
    }
}

/// What can be waited for, if the address is one of ours.
fn alive(uri: &str) -> Option<Address> {
    uri.parse().ok().filter(Address::is_alive)
}

impl Server {
    /// The older era: news about an address, until `resources/unsubscribe` or the end of the connection.
    pub(super) async fn subscribe_to(
        &self,
        uri: &str,
        request: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let address = alive(uri).ok_or_else(|| resources::unknown(uri))?;
        self.subscriptions().add(Subject::At(address), request).await
    }

    pub(super) async fn unsubscribe_from(&self, uri: &str) -> Result<(), ErrorData> {
        let address = alive(uri).ok_or_else(|| resources::unknown(uri))?;
        self.subscriptions().0.lock().await.watch.marks.remove(&Subject::At(address));
        Ok(())
    }

    /// The older era tells everybody who has seen the list that there is more, without being asked.
    pub(super) async fn has_seen_the_list(&self, request: &RequestContext<RoleServer>) {
        let older = request.protocol_version().is_some_and(|version| version.has_initialize());
        if older && let Err(error) = self.subscriptions().add(Subject::List, request).await {
            tracing::debug!(?error, "the client will not hear of new jobs");
        }
    }

    /// The newer era: as much of what was asked for as can be told.
    pub(super) fn tellable(requested: &SubscriptionFilter) -> SubscriptionFilter {
        let asked = requested.resource_subscriptions.iter().flatten();
        let uris: Vec<_> = asked.filter(|uri| alive(uri).is_some()).take(MOST).cloned().collect();
        let mut filter = SubscriptionFilter::new();
        filter.resources_list_changed = requested.resources_list_changed;
        filter.resource_subscriptions = (!uris.is_empty()).then_some(uris);
        filter
    }

    /// Tells news on a request that stays open until the client ends it.
    pub(super) async fn tell_news(&self, subscription: SubscriptionContext) {
        let mut watch = Watch::new(self.app().clone());
        let accepted = subscription.accepted();
        let uris = accepted.resource_subscriptions.iter().flatten();
        let list = (accepted.resources_list_changed == Some(true)).then_some(Subject::List);
        for subject in uris.filter_map(|uri| alive(uri)).map(Subject::At).chain(list) {
            if let Err(error) = watch.add(subject.clone()).await {
                tracing::debug!(%error, "the ledger cannot be read; the first look will tell");
                watch.marks.insert(subject, None);
            }
        }
        if watch.marks.is_empty() {
            return subscription.cancelled().await;
        }
        loop {
            let rung = self.app().rung();
            for subject in watch.news().await {
                let sink = subscription.sink();
                let told = match subject {
                    Subject::List => sink.notify_resource_list_changed().await,
                    Subject::At(address) => sink.notify_resource_updated(address.to_string()).await,
                };
                if let Err(error) = told {
                    tracing::debug!(%error, "a client took no news");
                }
            }
            tokio::select! {
                biased;
                () = subscription.cancelled() => return,
                () = wait(rung, watch.pause()) => {}
            }
        }
    }
}
