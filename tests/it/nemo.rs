//! The NemoVideo client against canned replies: what it shares, and one module per part.

#[path = "nemo_auth.rs"]
mod auth;
#[path = "nemo_calls.rs"]
mod calls;
#[path = "nemo_files.rs"]
mod files;
#[path = "nemo_turns.rs"]
mod turns;

use std::time::Duration;

use firstcut::config;
use firstcut::nemo::Client;
use firstcut::nemo::timing::Timing;
use firstcut::net::backoff::Backoff;
use firstcut::redact::Secret;
use tempfile::TempDir;
use url::Url;

/// Settings for a service on loopback, with waits of milliseconds.
pub(crate) fn settings(url: &Url, home: &TempDir) -> config::Nemo {
    config::Nemo {
        token: None,
        api_url: url.clone(),
        web_url: "https://nemovideo.com".parse().unwrap(),
        client_id: None,
        platform: "cursor".into(),
        identity_dir: home.path().to_owned(),
        allow_loopback: true,
        poll: Duration::from_millis(20),
    }
}

pub(crate) fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        connect: Duration::from_secs(5),
        answer: ms(400),
        idle: ms(400),
        heartbeats_only: ms(700),
        turn: ms(1500),
        backoff: Backoff { first: ms(4), longest: ms(10), repeats: 3 },
        random: || 0.5,
        ..Timing::default()
    }
}

/// A client with an account of its own.
pub(crate) fn client(url: &Url) -> (Client, TempDir) {
    let home = tempfile::tempdir().unwrap();
    (Client::new(settings(url, &home), timing()), home)
}

/// A client with `NEMO_TOKEN`, so that every request that arrives is the one under test.
pub(crate) fn with_token(url: &Url, token: &str) -> (Client, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let settings = config::Nemo { token: Some(Secret::new(token)), ..settings(url, &home) };
    (Client::new(settings, timing()), home)
}
