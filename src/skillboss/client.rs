//! The client: with which key and where. What it can do is in the other files of this folder.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::config;
use crate::error::Result;
use crate::net::guard::Guard;
use crate::net::http::Http;
use crate::net::pace::Pace;
use crate::skillboss::call::Plane;
use crate::skillboss::errors;
use crate::skillboss::inputs::Spelling;
use crate::skillboss::timing::Timing;

/// Speaks to SkillBoss. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Client(Arc<Parts>);

/// What a client consists of.
pub struct Parts {
    pub(super) settings: config::SkillBoss,
    pub(super) timing: Timing,
    pub(super) data_http: Http,
    pub(super) control_http: Http,
    pub(super) guard: Guard,
    /// Of the key that pays; the control plane is asked too rarely to need one.
    pub(super) pace: Pace,
}

impl Deref for Client {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api_url", &self.settings.api_url.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with these settings. Nothing is opened, read or sent before the first call.
    #[must_use]
    pub fn new(settings: config::SkillBoss, timing: Timing) -> Self {
        let data_http = Http::new(&settings.api_url, timing.connect);
        let control_http = Http::new(&settings.web_url, timing.connect);
        let guard = Guard::new(settings.allow_loopback, timing.connect);
        Self(Arc::new(Parts { settings, timing, data_http, control_http, guard, pace: Pace::default() }))
    }

    /// Whether videos are paid for with a wholesale key.
    #[must_use]
    pub fn is_wholesale(&self) -> bool {
        self.settings.wholesale_key.is_some()
    }

    /// A mark of the wallet that pays: another key has another one, and the key cannot be told from it.
    ///
    /// # Errors
    /// `Unauthorized` when there is no key.
    pub fn wallet(&self) -> Result<String> {
        let key = self.key_for(Plane::Data)?.ok_or_else(errors::no_key)?;
        let digest = Sha256::new().chain_update("firstcut wallet ").chain_update(key.reveal()).finalize();
        Ok(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// How this key's host wants the inputs to be called.
    #[must_use]
    pub fn spelling(&self) -> Spelling {
        if self.is_wholesale() { Spelling::Wholesale } else { Spelling::Standard }
    }

    /// Waits until one more request with the key that pays is not too many. Questions wait by themselves; whoever is
    /// about to submit does so before writing that down, because [`submit`](Self::submit) does not.
    pub async fn turn(&self) {
        self.pace.turn().await;
    }

    /// How patient it is.
    #[must_use]
    pub fn timing(&self) -> &Timing {
        &self.timing
    }
}
