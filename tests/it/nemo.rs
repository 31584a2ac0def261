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

/// Patient enough for a machine that is busy; pauses are short.
pub(crate) fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        connect: ms(10_000),
        answer: ms(20_000),
        idle: ms(20_000),
        heartbeats_only: ms(20_000),
        turn: ms(40_000),
        backoff: Backoff { first: ms(4), longest: ms(10), repeats: 3 },
        random: || 0.5,
        ..Timing::default()
    }
}

/// For tests that wait until patience ends; what is answered must still be in time on a machine that is busy.
pub(crate) fn hasty() -> Timing {
    let ms = Duration::from_millis;
    Timing { answer: ms(2_000), idle: ms(2_000), heartbeats_only: ms(3_000), turn: ms(6_000), ..timing() }
}

/// A hasty client with a token.
pub(crate) fn impatient(url: &Url) -> (Client, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let settings = config::Nemo { token: Some(Secret::new("nmv_usr_x")), ..settings(url, &home) };
    (Client::new(settings, hasty()), home)
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
