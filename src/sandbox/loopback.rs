//! Calls that the sandbox makes by itself: to this machine, and never further.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use super::Error;

/// A client for addresses on this machine: no redirects, no proxy, no TLS roots.
pub(super) fn client(folder: &Path) -> Result<reqwest::Client, Error> {
    let bad = |reason: String| Error::BadFile { path: folder.to_path_buf(), reason };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| bad(format!("no HTTP client: {error}")))
}

/// Whether an address names this machine.
pub(super) fn on_this_machine(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}
