//! Addresses among the settings: of the services, of the bucket, and our own.

use url::{Host, Url};

use super::parse::{Parsed, Wrong, shown};
use super::read::{Given, Source};
use crate::error::{Error, Kind, Result};

/// An address from a variable that is not ours.
pub(super) fn foreign(text: &str, allow_loopback: bool) -> Result<Url> {
    let given = Given { words: vec![text.into()], source: Source::Environment };
    base(&given, allow_loopback).map_err(|wrong| {
        Error::new(Kind::Config, format!("AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL {}.", wrong.what))
            .next(wrong.fix)
    })
}

/// The base of a service: https, or http on this machine when that is allowed.
pub(super) fn base(given: &Given, allow_loopback: bool) -> Parsed<Url> {
    // What looks like a user name, a query or a fragment may hold a key.
    let quoted = |text: &str| match text.contains(['@', '?', '#']) {
        true => HIDDEN.to_owned(),
        false => format!("is {}", shown(text)),
    };
    judge(given, allow_loopback, quoted)
}

/// The same of an address that is a secret as a whole, because whoever has it may use it: never quoted.
pub(super) fn secret(given: &Given, allow_loopback: bool) -> Parsed<Url> {
    judge(given, allow_loopback, |_| HIDDEN.to_owned())
}

/// What is said of an address that is not quoted.
const HIDDEN: &str = "holds a value, hidden here";

fn judge(given: &Given, allow_loopback: bool, named: impl Fn(&str) -> String) -> Parsed<Url> {
    let text = given.text()?.trim();
    let wrong = |fault: &str, fix: &str| Wrong::new(format!("{}, {fault}", named(text)), fix);
    let form = "Write it as https://host, without user name, query or fragment.";
    let url = Url::parse(text).map_err(|error| wrong(&format!("which is no web address ({error})"), form))?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(wrong("which is no web address", form));
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new("carries a user name, a query or a fragment", form));
    }
    if is_loopback(&url) && !allow_loopback {
        return Err(wrong(
            "on this machine",
            "Set FIRSTCUT_ALLOW_LOOPBACK=1 to use a server on this machine, such as the sandbox.",
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(wrong("which is not encrypted", "Use https; http would send your token in the open."));
    }
    Ok(without_slash(url))
}

/// An address that we wrote ourselves.
pub(super) fn own(text: &str) -> Result<Url> {
    let url = Url::parse(text)
        .map_err(|error| Error::internal("A built-in address cannot be read.").because(error))?;
    Ok(without_slash(url))
}

/// A lone root path stays `/`, because an address without a path does not exist.
fn without_slash(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

/// Whether it is on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
