//! `serve`: an assistant at the other end of stdin and stdout.

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::follow::interrupted;
use super::{Exit, Shell};
use crate::error::Result;
use crate::mcp;

#[derive(Args, Debug)]
pub(super) struct Serve {}

impl Serve {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let stop = CancellationToken::new();
        let on_signal = stop.clone();
        let signals = tokio::spawn(async move {
            interrupted().await;
            on_signal.cancel();
        });
        let ended = mcp::serve(shell.app.clone(), stop).await;
        signals.abort();
        ended.map(|()| 0)
    }
}
