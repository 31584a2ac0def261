//! The door for assistants: MCP over standard input and output, in both protocol eras.
//!
//! Standard output carries protocol messages and nothing else. Whatever starts here is a job in the ledger,
//! so the process may leave at any moment.

use std::path::PathBuf;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs;
use crate::mcp::input::UntilEnd;

mod arguments;
mod completion;
mod input;
mod look;
pub mod page;
mod progress;
mod prompts;
mod reply;
mod resources;
mod schema;
mod server;
mod skill;
mod subscriptions;
mod tools;
mod wait;

pub use server::Server;

/// Between two tries to move jobs with a ledger that cannot be used.
const ENGINE_PAUSE: Duration = Duration::from_secs(2);

/// How long the end of input may be held up by replies on their way out and by the step in hand.
const GRACE: Duration = Duration::from_millis(30);

/// Serves the client behind standard input and output until it leaves or `stop` is tripped.
///
/// # Errors
///
/// [`Kind::Protocol`] when the client opens with something that is not MCP.
pub async fn serve(app: App, stop: CancellationToken) -> Result<()> {
    let working_dir = std::env::current_dir()
        .map_err(|error| Error::storage("The working folder cannot be read.", error))?;
    let (input, output) = rmcp::transport::stdio_pipes();
    serve_over(app, working_dir, input, output, stop).await
}

/// The same over any two streams; relative paths start at `working_dir`.
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
    serve_as(Server::new(app, working_dir), input, output, stop).await
}

async fn serve_as<R, W>(server: Server, input: R, output: W, stop: CancellationToken) -> Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let app = server.app().clone();
    // Every request's token descends from this one, so that the end of input ends the waiting at once:
    // the SDK alone would let handlers run on for five seconds.
    let end = stop.child_token();
    let input = UntilEnd::new(input, end.clone());
    let running = match server.serve_with_ct((input, output), end.clone()).await {
        Ok(running) => running,
        // A client that only asked what we are, or changed its mind.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
        Err(error) => {
            return Err(Error::new(Kind::Protocol, "The client did not open the connection as MCP asks.")
                .next("Start this command from an MCP client; `firstcut make` makes a video by hand.")
                .because(error));
        }
    };
    let engine = tokio::spawn(move_jobs(app, end.clone()));
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
        engine.await
    };
    match tokio::time::timeout(GRACE, parting).await {
        Ok(Err(error)) => {
            tracing::error!(%error, "the engine stopped in disorder; jobs are kept in the ledger")
        }
        Ok(Ok(())) => {}
        Err(_) => tracing::debug!("left before every step had ended; their leases run out by themselves"),
    }
    Ok(())
}

/// Moves jobs for as long as we serve: a ledger that cannot be used now may be usable in a moment.
async fn move_jobs(app: App, end: CancellationToken) {
    while let Err(error) = jobs::engine::run(app.clone(), end.clone()).await {
        tracing::error!(%error, "jobs do not move: the ledger cannot be used; trying again");
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(ENGINE_PAUSE) => {}
        }
    }
}
