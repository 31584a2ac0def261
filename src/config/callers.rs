//! Who calls us: services with notices, and clients over HTTP.

use url::Url;

use super::address;
use super::parse;
use super::read::{Given, Reader};
use crate::redact::Secret;

/// How services reach us.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// `FIRSTCUT_PUBLIC_URL`: under this address the receiver of notices is reached from outside.
    pub public_url: Option<Url>,
    /// `FIRSTCUT_WEBHOOK_SIGNATURE`: how notices are signed; Standard Webhooks when not said.
    pub signature: Option<String>,
    /// `FIRSTCUT_WEBHOOK_SECRETS`: with any, a notice without a good signature is refused; several while one is
    /// being replaced.
    pub secrets: Vec<Secret>,
}

impl Hooks {
    /// Takes the settings of notices.
    pub(super) fn take(reader: &mut Reader<'_>, allow_loopback: bool) -> Self {
        Self {
            public_url: reader
                .take("FIRSTCUT_PUBLIC_URL", |given: &Given| address::base(given, allow_loopback)),
            signature: reader.take("FIRSTCUT_WEBHOOK_SIGNATURE", parse::text),
            secrets: reader.take("FIRSTCUT_WEBHOOK_SECRETS", parse::secrets).unwrap_or_default(),
        }
    }
}

/// Who may call us over HTTP.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// `FIRSTCUT_HTTP_TOKEN`: what every caller must show.
    pub token: Option<Secret>,
    /// `FIRSTCUT_HTTP_HOSTS`, in small letters, without ports: names under which we are reached.
    pub hosts: Vec<String>,
}

impl Http {
    /// Takes the settings of the listener.
    pub(super) fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            token: reader.take("FIRSTCUT_HTTP_TOKEN", parse::own_token),
            hosts: reader.take("FIRSTCUT_HTTP_HOSTS", parse::hosts).unwrap_or_default(),
        }
    }
}
