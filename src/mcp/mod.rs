//! The door for assistants: MCP over standard input and output or over HTTP, in both protocol eras.
//!
//! In the first case standard output carries protocol messages and nothing else. Whatever starts here is a job in the ledger,
//! so the process may leave at any moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs;
use crate::jobs::engine::Reach;
use crate::mcp::input::UntilEnd;

mod approval;
mod arguments;
mod completion;
pub mod http;
mod input;
mod look;
pub mod page;
mod peer;
mod progress;
mod prompts;
mod reply;
mod resources;
mod schema;
mod server;
mod skill;
mod subscriptions;
mod tasks;
mod tools;
mod wait;

pub use server::Server;

/// Between two tries to move jobs with a ledger that cannot be used.
const ENGINE_PAUSE: Duration = Duration::from_secs(2);

/// How long the end of input may be held up by replies on their way out and by the step in hand.
const GRACE: Duration = Duration::from_millis(30);

/// Serves the client behind standard input and output until it leaves or `stop` is tripped, and moves jobs meanwhile.
///
/// # Errors
///
/// [`Kind::Protocol`] when the client opens with something that is not MCP.
pub async fn serve(app: App, stop: CancellationToken) -> Result<()> {
    let (input, output) = rmcp::transport::stdio_pipes();
    serve_over(app, working_dir()?, input, output, stop).await
}

/// The same where somebody else moves the jobs. True when there was a client, false when nobody said a word.
///
/// # Errors
///
/// As [`serve`].
pub async fn attend(app: App, stop: CancellationToken) -> Result<bool> {
    let (input, output) = rmcp::transport::stdio_pipes();
    attend_as(Server::new(app, working_dir()?), input, output, stop, false).await
}

fn working_dir() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::storage("The working folder cannot be read.", error))
}

/// As [`serve`] over any two streams; relative paths start at `working_dir`.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_over<R, W>(
    app: App,
    working_dir: PathBuf,
    input: R,
    output: W,
    stop: CancellationToken,
) -> Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    attend_as(Server::new(app, working_dir), input, output, stop, true).await.map(drop)
}

async fn attend_as<R, W>(
    server: Server,
    input: R,
    output: W,
    stop: CancellationToken,
    moves_jobs: bool,
) -> Result<bool>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let app = server.app().clone();
    // Every request's token descends from this one, so that the end of input ends the waiting at once:
    // the SDK alone would let handlers run on for five seconds.
    let end = stop.child_token();
    let heard = Arc::new(AtomicBool::new(false));
    let input = UntilEnd::new(input, end.clone(), heard.clone());
    let running = match server.serve_with_ct((input, output), end.clone()).await {
        Ok(running) => running,
        // A client that only asked what we are, or changed its mind.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => {
            return Ok(heard.load(Ordering::Relaxed));
        }
        Err(error) => {
            return Err(Error::new(Kind::Protocol, "The client did not open the connection as MCP asks.")
                .next("Start this command from an MCP client; `firstcut make` makes a video by hand.")
                .because(error));
        }
    };
    let engine = moves_jobs.then(|| tokio::spawn(move_jobs(app, end.clone())));
    let served = running.waiting();
    tokio::pin!(served);
    let mut finished = false;
    tokio::select! {
        _ = &mut served => finished = true,
        () = end.cancelled() => {}
    }
    end.cancel();
    let parting = async {
        if !finished {
            let _ = served.await;
        }
        match engine {
            Some(engine) => engine.await,
            None => Ok(()),
        }
    };
    match tokio::time::timeout(GRACE, parting).await {
        Ok(Err(error)) => {
            tracing::error!(%error, "the engine stopped in disorder; jobs are kept in the ledger")
        }
        Ok(Ok(())) => {}
        Err(_) => tracing::debug!("left before every step had ended; their leases run out by themselves"),
    }
    Ok(true)
}

/// Moves jobs until `end`: a ledger that cannot be used now may be usable in a moment. Where the settings say sandbox,
/// real ones only from the first call about something real. The work is boxed: it is large, and who starts this moves it about.
pub async fn move_jobs(app: App, end: CancellationToken) {
    let reach = Reach::of_settings(&app);
    while let Err(error) = Box::pin(jobs::engine::run(app.clone(), reach, end.clone())).await {
        tracing::error!(%error, "jobs do not move: the ledger cannot be used; trying again");
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(ENGINE_PAUSE) => {}
        }
    }
}
