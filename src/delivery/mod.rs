//! The bucket: finished clips go there, whole or not at all, from the file on the disk and in constant memory.
//!
//! An object has one name for ever, made from its job. Who comes second with the same bytes finds them there and is
//! done; who comes with others takes a numbered name. Nothing here is built or asked before a delivery needs it.

mod access;
mod fault;
mod key;
mod upload;

use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::model::job::EpochMs;
use crate::redact::SafeUrl;

pub use key::{Named, with_ending};
pub use upload::Upload;

/// The metadata field that carries the SHA-256 of the whole object; multipart checksums are sums of sums.
const SHA256: &str = "sha256";

/// A bucket of an S3 store.
pub struct Store {
    settings: config::Bucket,
    client: OnceCell<Client>,
    /// The store takes no checksums beside the body, as it said.
    plain: std::sync::atomic::AtomicBool,
}

/// A file that becomes an object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its name in the bucket, see [`Store::key`].
    pub key: &'a str,
    /// Where it lies here.
    pub file: &'a Path,
    /// Its size.
    pub bytes: u64,
    /// Its sum, in hexadecimal.
    pub sha256: &'a str,
    /// Its media type.
    pub mime: &'a str,
    /// The job that made it.
    pub job: &'a str,
}

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The bucket.
    pub bucket: String,
    /// Its name there.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Where everybody can read it; none in a private bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A signed link, good for a while.
#[derive(Clone, Debug)]
pub struct Link {
    /// The address, signature and all.
    pub url: SafeUrl,
    /// When it stops working.
    pub expires_at_ms: EpochMs,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("bucket", &self.settings.name).finish_non_exhaustive()
    }
}

impl Store {
    /// The bucket with these settings; nothing is asked yet.
    #[must_use]
    pub fn new(settings: config::Bucket) -> Self {
        Self { settings, client: OnceCell::new(), plain: std::sync::atomic::AtomicBool::new(false) }
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.settings.name
    }

    /// Where everybody can read an object of this name; none in a private bucket.
    #[must_use]
    pub fn public_url(&self, key: &str) -> Option<Url> {
        let mut url = self.settings.public_url.clone()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(key.split('/'));
        Some(url)
    }

    /// A signed link to an object, when links are wanted and nobody can read the bucket without. Made anew each time; no
    /// request is sent for it.
    ///
    /// # Errors
    /// When we have no credentials to sign with.
    pub async fn link(&self, key: &str, now_ms: EpochMs) -> Result<Option<Link>> {
        let Some(lives) = self.settings.link.filter(|_| self.settings.public_url.is_none()) else {
            return Ok(None);
        };
        let terms = PresigningConfig::expires_in(lives)
            .map_err(|error| Error::internal("A link cannot live that long.").because(error))?;
        let request = self.client().await?.get_object().bucket(self.bucket()).key(key);
        let signed = request.presigned(terms).await.map_err(|error| self.explain(error))?;
        let url = signed
            .uri()
            .parse::<Url>()
            .map_err(|error| Error::internal("A signed link is no address.").because(error))?;
        let lives_ms = EpochMs::try_from(lives.as_millis()).unwrap_or(EpochMs::MAX);
        Ok(Some(Link { url: SafeUrl::new(url), expires_at_ms: now_ms.saturating_add(lives_ms) }))
    }

    /// Whether the bucket is there and we may see it, for `doctor`. What it does not show is whether we may write.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub async fn check(&self) -> Result<()> {
        let asked = self.client().await?.head_bucket().bucket(self.bucket()).send();
        match tokio::time::timeout(Duration::from_secs(15), asked).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.explain(error)),
            Err(_) => Err(self.unreachable("it does not answer")),
        }
    }

    /// What is there under a name: size and the sum that was written beside it.
    async fn look(&self, key: &str) -> Result<Option<(u64, Option<String>)>> {
        let asked = self.client().await?.head_object().bucket(self.bucket()).key(key).send().await;
        match asked {
            Ok(found) => {
                let sha256 = found.metadata().and_then(|fields| fields.get(SHA256)).cloned();
                let bytes = found.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
                Ok(Some((bytes, sha256)))
            }
            Err(error) if fault::status(&error) == Some(404) => Ok(None),
            Err(error) => Err(self.explain(error)),
        }
    }

    async fn client(&self) -> Result<&Client> {
        self.client.get_or_try_init(|| access::client(&self.settings)).await
    }

    fn unreachable(&self, why: &str) -> Error {
        let place = self.settings.endpoint.as_ref().map_or_else(
            || format!("Amazon S3 in {}", self.settings.region),
            |endpoint| format!("The store at {endpoint}"),
        );
        Error::new(Kind::Unavailable, format!("{place} cannot be reached: {why}.")).next(
            "Check the network and FIRSTCUT_BUCKET_ENDPOINT (or AWS_ENDPOINT_URL_S3). The file is kept here meanwhile.",
        )
    }
}
