//! `serve`: an assistant at the other end of stdin and stdout.

use std::net::SocketAddr;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::follow::interrupted;
use super::{Exit, Shell};
use crate::error::Result;
use crate::{http, mcp};

#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Also take services' notices here, such as 127.0.0.1:8787; put a reverse proxy with https in front
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
        let receiver = match self.http {
            Some(address) => {
                let server = http::Server::bind(shell.app.clone(), address).await?;
                shell.out.note(&format!("Listening on http://{}.", server.address()));
                Some(tokio::spawn(server.run(stop.clone())))
            }
            None => None,
        };
        let ended = mcp::serve(shell.app.clone(), stop).await;
        signals.abort();
        // The assistant is gone; a notice under way would be sent again.
        if let Some(receiver) = receiver {
            receiver.abort();
        }
        ended.map(|()| 0)
    }
}
