//! Dialects: how a job is named at the service, and at which addresses it is asked for and stopped.
//!
//! Three are in the wild: `job_id` (SkillBoss pipeline page), the same with `poll_url` (its command-line tool), and
//! `request_id` with upper-case states (wholesale API page). The body tells which, never the host: one host serves both.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::error::{Error, Result};
use crate::redact::{self, SafeUrl};
use crate::skillboss::wire;

/// The longest id that is taken.
const MAX_ID_CHARS: usize = 128;

/// How a job is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `job_id`, asked for at `/v1/job/{id}`.
    Standard,
    /// `request_id`, asked for at `/v1/run/status/{id}`, stopped at `/v1/run/cancel/{id}`.
    Wholesale,
}

impl Dialect {
    /// The field that holds the id.
    #[must_use]
    pub const fn id_field(self) -> &'static str {
        match self {
            Self::Standard => "job_id",
            Self::Wholesale => "request_id",
        }
    }

    /// Which dialect an id comes from, by its looks: 32 hexadecimal digits are a wholesale one.
    fn of_id(id: &str) -> Self {
        let hex =
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
        if hex { Self::Wholesale } else { Self::Standard }
    }
}

/// What the headers of an answer say, whatever becomes of its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// `x-request-id`: in the wholesale dialect the job's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// `x-record-id`: the row of the charge, to quote to support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
}

impl Ids {
    /// What is no id is left out.
    pub(super) fn new(request_id: Option<&str>, record_id: Option<&str>) -> Self {
        let id = |text: Option<&str>| text.map(str::trim).filter(|text| is_id(text)).map(str::to_owned);
        Self { request_id: id(request_id), record_id: id(record_id) }
    }

    /// Whether the headers said nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request_id.is_none() && self.record_id.is_none()
    }
}

/// A job at the service. The ledger keeps it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// How it is named.
    pub dialect: Dialect,
    /// Its id: letters, digits, `-` and `_`, at most 128.
    pub id: String,
    /// Where the service says that it is to be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_url: Option<SafeUrl>,
    /// Where the service says that it is to be stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<SafeUrl>,
    /// `x-record-id`: the row of the charge, to quote to support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
}

impl Remote {
    /// A job of which only the id is known: pasted from the dashboard, or read from a header or a webhook.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`](crate::error::Kind::InvalidInput) when it is no id.
    pub fn by_id(id: &str) -> Result<Self> {
        let id = id.trim();
        if !is_id(id) {
            return Err(Error::invalid(format!("\"{}\" is no id of a SkillBoss job.", redact::label(id)))
                .next("Copy the request_id or job_id from the dashboard: letters, digits, - and _ only."));
        }
        Ok(Self {
            dialect: Dialect::of_id(id),
            id: id.to_owned(),
            status_url: None,
            cancel_url: None,
            record_id: None,
        })
    }

    /// The job that an answer speaks of, if it does. Addresses in it are relative to `base`.
    pub(super) fn of(body: &Value, ids: &Ids, base: &Url) -> Option<Self> {
        let (dialect, id) = named(body)?;
        let address = |names: &[&str]| {
            let url = base.join(&wire::text(body, names)?).ok()?;
            leads_to(&url, &id, base).then(|| SafeUrl::new(url))
        };
        Some(Self {
            dialect,
            status_url: address(&["status_url", "poll_url"]),
            cancel_url: address(&["cancel_url"]),
            record_id: ids.record_id.clone(),
            id,
        })
    }

    /// Where to ask for it: the service's own address if it leads to the service, else the documented one.
    pub(super) fn status_address(&self, base: &Url) -> Result<Url> {
        match self.dialect {
            Dialect::Standard => self.address(self.status_url.as_ref(), base, &["job", &self.id]),
            Dialect::Wholesale => self.address(self.status_url.as_ref(), base, &["run", "status", &self.id]),
        }
    }

    /// Where to stop it; nothing when the dialect has no such address.
    pub(super) fn cancel_address(&self, base: &Url) -> Result<Option<Url>> {
        match (self.dialect, &self.cancel_url) {
            (Dialect::Standard, None) => Ok(None),
            (_, told) => self.address(told.as_ref(), base, &["run", "cancel", &self.id]).map(Some),
        }
    }

    /// The key goes along, so that an address is looked at again whenever it is used.
    fn address(&self, told: Option<&SafeUrl>, base: &Url, path: &[&str]) -> Result<Url> {
        match told.map(SafeUrl::reveal).filter(|url| leads_to(url, &self.id, base)) {
            Some(url) => Ok(url.clone()),
            None => endpoint(base, path),
        }
    }
}

/// The dialect and the id in a body, if it names a job. A standard job may carry a `request_id` of its own, which is
/// not the job's name: where both stand, a state in capitals tells the wholesale dialect.
pub(super) fn named(body: &Value) -> Option<(Dialect, String)> {
    let id = |dialect: Dialect| {
        wire::text(body, &[dialect.id_field()]).filter(|id| is_id(id)).map(|id| (dialect, id))
    };
    let in_capitals = wire::text(body, &["status"])
        .is_some_and(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    match (id(Dialect::Standard), id(Dialect::Wholesale)) {
        (Some(_), Some(wholesale)) if in_capitals => Some(wholesale),
        (standard, wholesale) => standard.or(wholesale),
    }
}

/// Whether an address that the service named is at the service and about this job.
fn leads_to(url: &Url, id: &str, base: &Url) -> bool {
    let same = url.scheme() == base.scheme()
        && url.host() == base.host()
        && url.port_or_known_default() == base.port_or_known_default();
    let plain = url.username().is_empty() && url.password().is_none();
    let about_it = url.path_segments().is_some_and(|mut parts| parts.any(|part| part == id));
    same && plain && about_it
}

/// The address of an endpoint below the base, its parts escaped. A base without a path means `/v1`.
pub(super) fn endpoint(base: &Url, parts: &[&str]) -> Result<Url> {
    let mut url = base.clone();
    let bare = url.path() == "/";
    url.path_segments_mut()
        .map_err(|()| Error::new(crate::error::Kind::Config, "The address of SkillBoss is no web address."))?
        .pop_if_empty()
        .extend(if bare { &["v1"][..] } else { &[] })
        .extend(parts);
    Ok(url)
}

/// An id that can travel in an address and be shown.
pub(super) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEX: &str = "c546520207fb4b68b0adce825f9dcf6d";

    fn base() -> Url {
        "https://api.skillboss.co/v1".parse().unwrap()
    }

    #[test]
    fn the_body_tells_the_dialect() {
        for (body, dialect, id) in [
            (json!({"request_id": HEX, "status": "IN_QUEUE"}), Dialect::Wholesale, HEX),
            (json!({"job_id": "job_7f", "status": "accepted"}), Dialect::Standard, "job_7f"),
            (json!({"job_id": "job_7f", "request_id": HEX}), Dialect::Standard, "job_7f"),
            (json!({"job_id": "job_7f", "request_id": HEX, "status": "IN_QUEUE"}), Dialect::Wholesale, HEX),
            (json!({"job_id": 17}), Dialect::Standard, "17"),
        ] {
            let remote = Remote::of(&body, &Ids::default(), &base()).unwrap();
            assert_eq!((remote.dialect, remote.id.as_str()), (dialect, id));
        }
        for body in [
            json!({}),
            json!({"job_id": "../x"}),
            json!({"request_id": ""}),
            json!({"job_id": null}),
            json!([]),
        ] {
            assert_eq!(Remote::of(&body, &Ids::default(), &base()), None, "{body}");
        }
    }

    #[test]
    fn the_key_goes_to_no_foreign_address() {
        let fallback = "https://api.skillboss.co/v1/job/job_7f";
        for (told, used) in [
            ("/v1/job/job_7f", fallback),
            ("https://api.skillboss.co/v1/job/job_7f?x=1", "https://api.skillboss.co/v1/job/job_7f?x=1"),
            ("https://api.skillboss.co:443/v2/jobs/job_7f", "https://api.skillboss.co/v2/jobs/job_7f"),
            ("https://evil.example/v1/job/job_7f", fallback),
            ("//evil.example/v1/job/job_7f", fallback),
            ("https://api.skillboss.co@evil.example/job_7f", fallback),
            ("https://me:pw@api.skillboss.co/job_7f", fallback),
            ("http://api.skillboss.co/v1/job/job_7f", fallback),
            ("https://api.skillboss.co:8443/v1/job/job_7f", fallback),
            ("https://api.skillboss.co.evil.example/job_7f", fallback),
            ("https://api.skillboss.co/v1/run", fallback),
            ("file:///job_7f", fallback),
        ] {
            let body = json!({"job_id": "job_7f", "poll_url": told});
            let remote = Remote::of(&body, &Ids::default(), &base()).unwrap();
            assert_eq!(remote.status_address(&base()).unwrap().as_str(), used, "{told}");
            // Also when it comes out of a ledger that somebody changed.
            let kept = Remote { status_url: told.parse().ok().map(SafeUrl::new), ..remote };
            assert!(kept.status_address(&base()).unwrap().as_str().starts_with("https://api.skillboss.co/"));
        }
    }

    #[test]
    fn addresses_are_built_where_none_is_told() {
        let wholesale = Remote::by_id(HEX).unwrap();
        assert_eq!(wholesale.dialect, Dialect::Wholesale);
        assert_eq!(wholesale.status_address(&base()).unwrap().path(), format!("/v1/run/status/{HEX}"));
        assert_eq!(
            wholesale.cancel_address(&base()).unwrap().unwrap().path(),
            format!("/v1/run/cancel/{HEX}")
        );
        let standard = Remote::by_id(" job_7f ").unwrap();
        assert_eq!(standard.dialect, Dialect::Standard);
        assert_eq!(standard.cancel_address(&base()).unwrap(), None);
        let bare: Url = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(standard.status_address(&bare).unwrap().as_str(), "http://127.0.0.1:8080/v1/job/job_7f");
        for id in ["", "..", "a/b", "a b", "ä", &"x".repeat(129)] {
            assert!(Remote::by_id(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn a_job_is_kept_as_json() {
        let body =
            json!({"request_id": HEX, "status_url": format!("https://api.skillboss.co/v1/run/status/{HEX}")});
        let remote = Remote::of(&body, &Ids::new(None, Some("rec_9")), &base()).unwrap();
        let kept = serde_json::to_string(&remote).unwrap();
        assert_eq!(serde_json::from_str::<Remote>(&kept).unwrap(), remote);
        assert_eq!(remote.record_id.as_deref(), Some("rec_9"));
    }
}
