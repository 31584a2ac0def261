//! The guard: which addresses named by strangers may be contacted. Public https only, at every hop and after every look-up.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use url::{Host, Url};

use crate::error::{Error, Kind, Result};
use crate::net::http::{builder, cannot_build, is_loopback_name, without_tls};
use crate::redact::SafeUrl;

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 3;

/// Decides about addresses, and owns the client that can reach no other.
///
/// The client sends no credentials, uses no proxy (a proxy would do the look-up in our place) and connects to exactly
/// the addresses that were checked.
#[derive(Clone)]
pub struct Guard {
    allow_loopback: bool,
    connect_timeout: Duration,
    resolver: Arc<dyn Resolve>,
    client: Arc<OnceLock<Client>>,
    loopback_client: Arc<OnceLock<Client>>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("allow_loopback", &self.allow_loopback).finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard that asks the system for names. With `allow_loopback` this machine may be contacted too, also by http;
    /// other private networks may not.
    #[must_use]
    pub fn new(allow_loopback: bool, connect_timeout: Duration) -> Self {
        Self::with_resolver(allow_loopback, connect_timeout, Arc::new(SystemNames))
    }

    /// A guard that asks `resolver` for names, and checks its answers.
    #[must_use]
    pub fn with_resolver(
        allow_loopback: bool,
        connect_timeout: Duration,
        resolver: Arc<dyn Resolve>,
    ) -> Self {
        let resolver = Arc::new(Checked { allow_loopback, names: resolver });
        Self {
            allow_loopback,
            connect_timeout,
            resolver,
            client: Arc::default(),
            loopback_client: Arc::default(),
        }
    }

    /// Whether this address may be contacted, as far as it can be told without a look-up.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] with the reason.
    pub fn vet(&self, url: &Url) -> Result<()> {
        vet(url, self.allow_loopback).map_err(|reason| {
            Error::new(
                Kind::Forbidden,
                format!("The address {} may not be contacted: {reason}.", SafeUrl::new(url.clone())),
            )
            .next("Use a public https address.")
        })
    }

    /// The client for a vetted address.
    ///
    /// # Errors
    /// As [`vet`](Self::vet); [`Kind::Config`] when the system has no trusted certificates.
    pub fn client(&self, url: &Url) -> Result<&Client> {
        self.vet(url)?;
        let plain = url.scheme() == "http";
        let slot = if plain { &self.loopback_client } else { &self.client };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let allow_loopback = self.allow_loopback;
        let every_hop = redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > MOST_REDIRECTS {
                return attempt.error(Refused("too many redirects"));
            }
            match vet(attempt.url(), allow_loopback) {
                Ok(()) => attempt.follow(),
                Err(reason) => attempt.error(Refused(reason)),
            }
        });
        let builder = builder(self.connect_timeout)
            .no_proxy()
            .redirect(every_hop)
            .dns_resolver(Arc::clone(&self.resolver));
        let builder = if plain { without_tls(builder) } else { builder };
        let client = builder.build().map_err(cannot_build)?;
        Ok(slot.get_or_init(|| client))
    }
}

/// Why the guard stopped a connection or a redirect; found among the sources of a transport error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl StdError for Refused {}

/// The guard's refusal inside a transport error, if that is what went wrong.
#[must_use]
pub fn refusal(error: &(dyn StdError + 'static)) -> Option<Refused> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(*refused);
        }
        cause = error.source();
    }
    None
}

fn vet(url: &Url, allow_loopback: bool) -> Result<(), &'static str> {
    let loopback = allow_loopback && is_loopback_name(url);
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err("only https is allowed"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries a user name or password");
    }
    match url.host() {
        None => Err("it names no host"),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let local = name == "localhost"
                || name.ends_with(".localhost")
                || name.ends_with(".local")
                || name.is_empty();
            if local && !loopback { Err("it is not a public address") } else { Ok(()) }
        }
        Some(Host::Ipv4(address)) => check(IpAddr::V4(address), allow_loopback),
        Some(Host::Ipv6(address)) => check(IpAddr::V6(address), allow_loopback),
    }
}

fn check(address: IpAddr, allow_loopback: bool) -> Result<(), &'static str> {
    if is_public(address) || (allow_loopback && address.is_loopback()) {
        Ok(())
    } else {
        Err("it is not a public address")
    }
}

/// Whether an address belongs to the public internet. IPv4 addresses inside IPv6 ones (mapped, NAT64, 6to4) are
/// judged by what they stand for.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // the old 6to4 relays
        || (a == 198 && (18..20).contains(&b))) // benchmarks
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let segments = address.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low), // NAT64
        [0x2002, high, low, ..] => inner(high, low),               // 6to4
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8, // Teredo, ORCHID, documentation
        [0x3fff, second, ..] => second >= 0x1000,                  // documentation
        // Everything else outside 2000::/3 is local, multicast or not handed out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// A resolver that refuses a name altogether when one of its addresses is not allowed: the connection then goes to
/// addresses that were all checked, whatever a second look-up would say.
struct Checked {
    allow_loopback: bool,
    names: Arc<dyn Resolve>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (answer, allow_loopback) = (self.names.resolve(name), self.allow_loopback);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = answer.await?.collect();
            for address in &addresses {
                check(address.ip(), allow_loopback).map_err(Refused)?;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The system's resolver.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
