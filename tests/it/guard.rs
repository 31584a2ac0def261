//! The guard, on names, addresses, look-ups and redirects that strangers could think of.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use firstcut::error::Kind;
use firstcut::net::guard::{self, Guard, is_public};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::canned::{Canned, json, with};

const PATIENCE: Duration = Duration::from_secs(5);

fn guard(allow_loopback: bool) -> Guard {
    Guard::new(allow_loopback, PATIENCE)
}

#[test]
fn addresses_in_disguise() {
    // (address, passes strictly, passes with loopback allowed)
    for (url, strict, loopback) in [
        ("https://cdn.nemovideo.ai/a.mp4?sig=1", true, true),
        ("https://8.8.8.8/a", true, true),
        ("https://[2606:4700:4700::1111]/a", true, true),
        ("https://cdn.nemovideo.ai:8443/a", true, true),
        ("http://cdn.nemovideo.ai/a.mp4", false, false),
        ("http://8.8.8.8/a", false, false),
        ("ftp://cdn.nemovideo.ai/a", false, false),
        ("file:///etc/passwd", false, false),
        ("data:text/plain,x", false, false),
        ("https://user@cdn.nemovideo.ai/a", false, false),
        ("https://user:CANARY@cdn.nemovideo.ai/a", false, false),
        ("https://127.0.0.1/a", false, true),
        ("http://127.0.0.1:8080/a", false, true),
        ("http://user@127.0.0.1/a", false, false),
        ("http://0x7f.1/a", false, true),
        ("http://2130706433/a", false, true),
        ("http://017700000001/a", false, true),
        ("http://[::1]/a", false, true),
        ("http://localhost:1/a", false, true),
        ("http://LOCALHOST./a", false, true),
        ("https://x.localhost/a", false, true),
        ("https://printer.local/a", false, false),
        ("https://[::ffff:127.0.0.1]/a", false, false),
        ("https://[::ffff:7f00:1]/a", false, false),
        ("https://[::127.0.0.1]/a", false, false),
        ("https://[64:ff9b::7f00:1]/a", false, false),
        ("https://[64:ff9b::a00:1]/a", false, false),
        ("https://[64:ff9b::808:808]/a", true, true),
        ("https://[64:ff9b:1::808:808]/a", false, false),
        ("https://[2002:7f00:1::]/a", false, false),
        ("https://[2002:a00:1::1]/a", false, false),
        ("https://[2002:808:808::1]/a", true, true),
        ("https://[2001:0:53aa:64c::1]/a", false, false),
        ("https://[2001:db8::1]/a", false, false),
        ("https://[3fff::1]/a", false, false),
        ("https://[fc00::1]/a", false, false),
        ("https://[fdff::1]/a", false, false),
        ("https://[fe80::1]/a", false, false),
        ("https://[fec0::1]/a", false, false),
        ("https://[ff02::1]/a", false, false),
        ("https://[100::1]/a", false, false),
        ("https://[::]/a", false, false),
        ("https://0.0.0.0/a", false, false),
        ("https://0.1.2.3/a", false, false),
        ("https://10.1.2.3/a", false, false),
        ("https://100.64.0.1/a", false, false),
        ("https://100.127.255.255/a", false, false),
        ("https://100.128.0.1/a", true, true),
        ("https://169.254.169.254/latest", false, false),
        ("https://172.16.0.1/a", false, false),
        ("https://172.31.255.255/a", false, false),
        ("https://172.32.0.1/a", true, true),
        ("https://192.168.0.1/a", false, false),
        ("https://192.0.0.1/a", false, false),
        ("https://192.0.2.1/a", false, false),
        ("https://192.88.99.1/a", false, false),
        ("https://198.18.0.1/a", false, false),
        ("https://224.0.0.1/a", false, false),
        ("https://240.0.0.1/a", false, false),
        ("https://255.255.255.255/a", false, false),
    ] {
        let url: Url = url.parse().unwrap();
        for (allow, passes) in [(false, strict), (true, loopback)] {
            let vetted = guard(allow).vet(&url);
            assert_eq!(vetted.is_ok(), passes, "{url} with loopback {allow}");
            if let Err(error) = vetted {
                assert_eq!(error.kind(), Kind::Forbidden);
                assert!(!error.message().contains("CANARY"), "{error}");
            }
        }
    }
    assert!(is_public("1.1.1.1".parse().unwrap()));
}

/// Answers every name with the same addresses.
struct Always(Vec<IpAddr>);

impl Resolve for Always {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Vec<SocketAddr> = self.0.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
    }
}

async fn refused(guard: &Guard, url: &str) -> Option<&'static str> {
    let url: Url = url.parse().unwrap();
    let error = guard.client(&url).unwrap().get(url).send().await.unwrap_err();
    guard::refusal(&error).map(|refused| refused.0)
}

#[tokio::test]
async fn names_that_lead_inside() {
    for addresses in [
        vec!["127.0.0.1"],
        vec!["10.0.0.1"],
        vec!["169.254.169.254"],
        vec!["::1"],
        vec!["fe80::1"],
        vec!["::ffff:192.168.0.1"],
        vec!["8.8.8.8", "127.0.0.1"],
    ] {
        let resolver = Arc::new(Always(addresses.iter().map(|address| address.parse().unwrap()).collect()));
        let guard = Guard::with_resolver(false, PATIENCE, resolver);
        assert_eq!(
            refused(&guard, "https://harmless.example/a").await,
            Some("it is not a public address"),
            "{addresses:?}"
        );
    }
    let private = Guard::with_resolver(true, PATIENCE, Arc::new(Always(vec!["10.0.0.1".parse().unwrap()])));
    assert!(
        refused(&private, "https://harmless.example/a").await.is_some(),
        "loopback is not the whole inside"
    );
}

#[tokio::test]
async fn redirects_are_vetted_hop_by_hop() {
    for inside in [
        "http://10.0.0.1/a",
        "https://169.254.169.254/latest",
        "http://example.com/a",
        "https://u:p@example.com/a",
        "file:///etc/passwd",
    ] {
        let server = Canned::start(vec![with(302, &format!("Location: {inside}\r\n"), b"")]).await;
        let url = server.url.join("/start").unwrap();
        let answer = guard(true).client(&url).unwrap().get(url.clone()).send().await;
        match answer {
            Err(error) => assert!(guard::refusal(&error).is_some(), "{inside}: {error}"),
            // What is no web address at all is not followed.
            Ok(answer) => assert_eq!(answer.status(), 302, "{inside}"),
        }
    }
    let hop = |n: u32| with(302, &format!("Location: /{n}\r\n"), b"");
    let server = Canned::start(vec![hop(1), hop(2), hop(3), json("{}")]).await;
    let url = server.url.clone();
    let answer = guard(true).client(&url).unwrap().get(url.clone()).send().await.unwrap();
    assert_eq!(answer.url().path(), "/3");
    let server = Canned::start(vec![hop(1), hop(2), hop(3), hop(4), json("{}")]).await;
    assert_eq!(refused(&guard(true), server.url.as_str()).await, Some("too many redirects"));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn no_proxy_and_no_credentials() {
    let server = Canned::start(vec![json("{}")]).await;
    let url = server.url.clone();
    guard(true).client(&url).unwrap().get(url.clone()).send().await.unwrap();
    let seen = &server.seen()[0];
    for header in ["authorization", "cookie", "referer", "x-skill-source", "x-client-id"] {
        assert_eq!(seen.header(header), None);
    }
}
