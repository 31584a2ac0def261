//! The assistant's door, driven from outside with raw JSON lines: nothing here knows how a client library
//! would have put it.
#![allow(clippy::print_stdout, reason = "figures for whoever runs with --nocapture")]

mod approval;
mod arguments;
mod ending;
mod http;
mod jobs;
mod list;
mod page;
mod preview;
mod process;
mod prompts;
mod protocol;
mod resources;
mod subscriptions;
mod tasks;

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::error::Result;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::patience::PATIENCE;
use crate::talk::{Talk, initialize_params, modern_meta};

/// How soon a server leaves whom nobody waits for any more: before the SDK's five seconds of patience are over, and
/// time enough for a machine that is busy.
const AT_ONCE: Duration = Duration::from_secs(4);

/// A server in this process and the client's end of its pipe.
struct Pipe {
    talk: Talk,
    serving: JoinHandle<Result<()>>,
    stop: CancellationToken,
    /// Holds the throw-away home.
    home: Arc<tempfile::TempDir>,
}

impl Deref for Pipe {
    type Target = Talk;

    fn deref(&self) -> &Talk {
        &self.talk
    }
}

impl DerefMut for Pipe {
    fn deref_mut(&mut self) -> &mut Talk {
        &mut self.talk
    }
}

impl Pipe {
    /// A fresh home, an unanswered pipe.
    fn open() -> Self {
        Self::at(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// A server in a home that may have been used before.
    fn at(home: Arc<tempfile::TempDir>) -> Self {
        let around =
            Surroundings::only(home.path()).and("FIRSTCUT_SERVICE", "sandbox").and("FIRSTCUT_POLL_S", "0.05");
        let app = App::build(Config::load(&Overrides::default(), &around).unwrap());
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (input, output) = tokio::io::split(theirs);
        let stop = CancellationToken::new();
        let working_dir: PathBuf = home.path().to_owned();
        let serving = tokio::spawn(firstcut::mcp::serve_over(app, working_dir, input, output, stop.clone()));
        let (reader, writer) = tokio::io::split(ours);
        Self { talk: Talk::over(reader, writer), serving, stop, home }
    }

    /// The same after the older era's handshake.
    async fn initialized() -> Self {
        let mut pipe = Self::open();
        pipe.initialize().await;
        pipe
    }

    /// Closes the client's end; the server must leave without complaint.
    async fn hang_up(self) {
        let Self { talk, serving, .. } = self;
        drop(talk);
        tokio::time::timeout(PATIENCE, serving).await.expect("the server stays").unwrap().unwrap();
    }
}
