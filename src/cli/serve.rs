//! `serve`: an assistant at the other end of stdin and stdout, or of HTTP.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::follow::interrupted;
use super::{Exit, Shell};
use crate::error::{Error, Result};
use crate::{http, mcp};

/// What the engine has in hand at the end may take so long; leases run out by themselves.
const LAST_STEP: Duration = Duration::from_millis(500);

#[derive(Args, Debug, Default)]
pub(super) struct Serve {
    /// Also serve MCP over HTTP, at /mcp of this address, such as 127.0.0.1:8787, and take services' notices there;
    /// other machines need a token (see README) and a reverse proxy with https in front
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
}

impl Serve {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let stop = CancellationToken::new();
        let on_signal = stop.clone();
        let signals = tokio::spawn(async move {
            interrupted().await;
            on_signal.cancel();
        });
        let ended = match self.http {
            Some(address) => over_http(shell, address, stop).await,
            None => mcp::serve(shell.app.clone(), stop).await,
        };
        signals.abort();
        ended.map(|()| 0)
    }
}

/// HTTP until a signal. A client that speaks on stdin is served as well, and ends the program by leaving, because it
/// was started for that client; without one the program goes on.
async fn over_http(shell: &Shell, address: SocketAddr, stop: CancellationToken) -> Result<()> {
    let access = http::Access::new(shell.app.config(), address)?;
    let mut server = http::Server::bind(shell.app.clone(), address).await?;
    let address = server.address();
    match access {
        Some(access) => {
            server = server.with(access.guard(mcp::http::routes(&shell.app, stop.clone())));
            shell.out.note(&format!("Serving MCP at http://{address}{}.", mcp::http::PATH));
        }
        None => shell.out.note(&format!(
            "Listening on http://{address} for notices only: FIRSTCUT_PUBLIC_URL says that a proxy is in front, so \
             MCP needs FIRSTCUT_HTTP_TOKEN."
        )),
    }
    let mut receiver = tokio::spawn(server.run(stop.clone()));
    let engine = tokio::spawn(mcp::move_jobs(shell.app.clone(), stop.clone()));
    let on_stdin = async {
        if std::io::stdin().is_terminal() {
            shell.out.note("Ctrl-C ends it; jobs are kept.");
        } else {
            match mcp::attend(shell.app.for_another(), stop.clone()).await {
                Ok(true) => return,
                Ok(false) => shell.out.note("Nobody speaks on stdin; serving HTTP until a signal."),
                Err(error) => {
                    tracing::warn!(%error, "what came on stdin was no MCP; serving HTTP until a signal");
                }
            }
        }
        stop.cancelled().await;
    };
    let broken = tokio::select! {
        () = on_stdin => None,
        ended = &mut receiver => Some(ended),
    };
    stop.cancel();
    let ended = match broken {
        Some(ended) => ended,
        None => receiver.await,
    };
    if tokio::time::timeout(LAST_STEP, engine).await.is_err() {
        tracing::debug!("left before every step had ended; their leases run out by themselves");
    }
    ended.map_err(|error| Error::internal("The receiver ended badly.").because(error))?
}
