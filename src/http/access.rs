//! Who may call a guarded route: from a host of ours, from no foreign web page, and with the token if there is one.
//!
//! Three doors against three visitors. A web page whose name was made to point at this machine (DNS rebinding) shows
//! its own name as `Host`. A foreign page that calls across origins shows itself as `Origin`. A stranger on the
//! network has no token.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use ring::hmac;
use url::{Host, Url};

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::redact;

/// A reverse proxy adds one of these: then somebody else asks.
const PASSED_ON: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// The rules of one receiver.
pub struct Access {
    token: Option<Token>,
    /// Names of ours in small letters, beside the loopback and, with a token, every bare address.
    hosts: Vec<String>,
}

/// A token that can be compared and not read.
struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    fn new(secret: &str) -> Self {
        // Of this process alone: it only makes the comparison independent of what is compared.
        let once = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &once);
        let tag = hmac::sign(&key, secret.as_bytes());
        Self { key, tag }
    }

    /// Takes equally long for every wrong word of the same length.
    fn is(&self, shown: &str) -> bool {
        hmac::verify(&self.key, shown.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Host,
    Origin,
    Unproven,
    Wrong,
    Open,
}

impl Access {
    /// The rules for a receiver at this address; none when it must not be opened, because the settings say that a
    /// proxy stands in front and nothing would tell its callers apart.
    ///
    /// # Errors
    /// `Config` when the address can be reached from other machines and there is no token.
    pub fn new(config: &Config, address: SocketAddr) -> Result<Option<Self>> {
        let token = config.http.token.as_ref().map(|token| {
            redact::never_show(token);
            Token::new(token.reveal())
        });
        let public = config.hooks.public_url.as_ref().and_then(Url::host_str).map(str::to_ascii_lowercase);
        if token.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(Error::new(
                Kind::Config,
                format!("{address} can be reached from other machines, and FIRSTCUT_HTTP_TOKEN is not set."),
            )
            .next(
                "Set FIRSTCUT_HTTP_TOKEN to a random secret (for example from `openssl rand -hex 32`), or listen \
                 on 127.0.0.1. For services' notices alone run `firstcut worker --listen`.",
            ));
        }
        if token.is_none() && public.is_some() {
            return Ok(None);
        }
        let hosts = config.http.hosts.iter().cloned().chain(public).collect();
        Ok(Some(Self { token, hosts }))
    }

    /// The routes, for whom the rules let in.
    pub fn guard(self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(Arc::new(self), check))
    }

    fn judge(&self, uri: &Uri, headers: &HeaderMap) -> std::result::Result<(), Refusal> {
        let named = text(headers, HOST).or_else(|| uri.authority().map(|authority| authority.as_str()));
        let host = named.and_then(host_of).ok_or(Refusal::Host)?;
        let Some(token) = &self.token else {
            // Without a token only this machine is let in, and not a proxy on it that speaks for others.
            if PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
                return Err(Refusal::Open);
            }
            if !is_loopback(&host) {
                return Err(Refusal::Host);
            }
            return self.judge_origin(headers);
        };
        // Nobody can make a bare address point elsewhere.
        if matches!(&host, Host::Domain(name) if !self.is_ours(name)) {
            return Err(Refusal::Host);
        }
        self.judge_origin(headers)?;
        match bearer(headers) {
            None => Err(Refusal::Unproven),
            Some(shown) if token.is(shown) => Ok(()),
            Some(_) => Err(Refusal::Wrong),
        }
    }

    fn judge_origin(&self, headers: &HeaderMap) -> std::result::Result<(), Refusal> {
        if !headers.contains_key(ORIGIN) {
            return Ok(());
        }
        let origin = text(headers, ORIGIN).and_then(|origin| Url::parse(origin).ok());
        let is_known = origin.as_ref().and_then(Url::host).is_some_and(|host| match host.to_owned() {
            Host::Domain(name) => self.is_ours(&name),
            address => is_loopback(&address),
        });
        if is_known { Ok(()) } else { Err(Refusal::Origin) }
    }

    fn is_ours(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost" || self.hosts.contains(&name)
    }
}

/// The one value of a header; several are none.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The host of `host:port`.
fn host_of(authority: &str) -> Option<Host> {
    if authority.contains(['/', '@', '\\', '?', '#']) {
        return None;
    }
    Url::parse(&format!("http://{authority}/")).ok()?.host().map(|host| host.to_owned())
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name.trim_end_matches('.') == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).to_canonical().is_loopback(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, shown) = text(headers, AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| shown.trim())
}

async fn check(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    match access.judge(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            tracing::warn!(?refusal, "a caller was refused");
            refusal.into_response()
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let forbidden = |words: &'static str| (StatusCode::FORBIDDEN, words).into_response();
        let challenge = |how: &'static str, words: &'static str| {
            (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, how)], words).into_response()
        };
        match self {
            Self::Host => {
                forbidden("This host name is not ours. Its owner can add it to FIRSTCUT_HTTP_HOSTS.\n")
            }
            Self::Origin => {
                forbidden("Pages of this origin may not call. Its owner can add it to FIRSTCUT_HTTP_HOSTS.\n")
            }
            Self::Open => {
                forbidden("A proxy passed this on, and no token is set. Set FIRSTCUT_HTTP_TOKEN.\n")
            }
            Self::Unproven => challenge(
                r#"Bearer realm="firstcut""#,
                "Send the token of this server as Authorization: Bearer TOKEN.\n",
            ),
            Self::Wrong => challenge(
                r#"Bearer realm="firstcut", error="invalid_token""#,
                "This is not the token of this server.\n",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn access(token: bool, hosts: &[&str]) -> Access {
        Access {
            token: token.then(|| Token::new(TOKEN)),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        }
    }

    fn judged(access: &Access, headers: &[(&'static str, &str)]) -> Option<Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        access.judge(&Uri::from_static("/mcp"), &map).err()
    }

    #[test]
    fn without_a_token_only_this_machine_is_let_in() {
        let open = access(false, &["video.example.com"]);
        for (headers, refusal) in [
            (vec![("host", "127.0.0.1:8787")], None),
            (vec![("host", "localhost")], None),
            (vec![("host", "LOCALHOST.:8787")], None),
            (vec![("host", "[::1]:8787")], None),
            (vec![("host", "[::ffff:127.0.0.1]")], None),
            (vec![("host", "127.0.0.1"), ("origin", "http://localhost:6274")], None),
            (vec![], Some(Refusal::Host)),
            (vec![("host", "evil.example")], Some(Refusal::Host)),
            (vec![("host", "localhost.evil.example")], Some(Refusal::Host)),
            (vec![("host", "127.0.0.1@evil.example")], Some(Refusal::Host)),
            (vec![("host", "127.0.0.1"), ("host", "evil.example")], Some(Refusal::Host)),
            (vec![("host", "192.168.1.5:8787")], Some(Refusal::Host)),
            (vec![("host", "video.example.com")], Some(Refusal::Host)),
            (vec![("host", "127.0.0.1"), ("x-forwarded-for", "203.0.113.9")], Some(Refusal::Open)),
            (vec![("host", "127.0.0.1"), ("origin", "https://evil.example")], Some(Refusal::Origin)),
            (vec![("host", "127.0.0.1"), ("origin", "null")], Some(Refusal::Origin)),
            (vec![("host", "127.0.0.1"), ("origin", "http://203.0.113.9")], Some(Refusal::Origin)),
        ] {
            assert_eq!(judged(&open, &headers), refusal, "{headers:?}");
        }
    }

    #[test]
    fn with_a_token_it_decides_after_host_and_origin() {
        let locked = access(true, &["video.example.com"]);
        let good = format!("Bearer {TOKEN}");
        let small = format!("bearer  {TOKEN} ");
        let long = format!("Bearer {TOKEN}0");
        for (headers, refusal) in [
            (vec![("host", "127.0.0.1"), ("authorization", good.as_str())], None),
            (vec![("host", "127.0.0.1"), ("authorization", small.as_str())], None),
            (vec![("host", "192.168.1.5:8787"), ("authorization", good.as_str())], None),
            (vec![("host", "Video.Example.com"), ("authorization", good.as_str()), ("via", "1.1 x")], None),
            (
                vec![
                    ("host", "video.example.com"),
                    ("authorization", good.as_str()),
                    ("origin", "https://video.example.com"),
                ],
                None,
            ),
            (vec![("host", "127.0.0.1")], Some(Refusal::Unproven)),
            (vec![("host", "127.0.0.1"), ("authorization", "Basic eDp5")], Some(Refusal::Unproven)),
            (vec![("host", "127.0.0.1"), ("authorization", "Bearer")], Some(Refusal::Unproven)),
            (vec![("host", "127.0.0.1"), ("authorization", "Bearer 0123456789abcdeF")], Some(Refusal::Wrong)),
            (vec![("host", "127.0.0.1"), ("authorization", long.as_str())], Some(Refusal::Wrong)),
            (vec![("host", "evil.example"), ("authorization", good.as_str())], Some(Refusal::Host)),
            (
                vec![
                    ("host", "127.0.0.1"),
                    ("authorization", good.as_str()),
                    ("origin", "https://evil.example"),
                ],
                Some(Refusal::Origin),
            ),
        ] {
            assert_eq!(judged(&locked, &headers), refusal, "{headers:?}");
        }
    }
}
