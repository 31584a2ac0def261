//! `worker`: moves the jobs of the ledger without an assistant or a command waiting for them, and takes notices.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::follow::interrupted;
use super::{Exit, Shell};
use crate::error::{Error, Result};
use crate::http;
use crate::jobs::engine::Reach;
use crate::jobs::{batch, engine};
use crate::ledger::Filter;

/// How often it is asked whether anything is left to do.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Args, Debug)]
pub(super) struct Worker {
    /// Also take services' notices here, such as 127.0.0.1:8787; put a reverse proxy with https in front
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// End when no job is left to move and no batch goes on by itself
    #[arg(long)]
    until_done: bool,
}

impl Worker {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        // A worker is there from its first moment, even before there is a job.
        let ledger = shell.app.ledger().await?.clone();
        let stop = CancellationToken::new();
        let reach = Reach::of_settings(&shell.app);
        let mut engine = tokio::spawn(engine::run(shell.app.clone(), reach, stop.clone()));
        let mut served = match self.listen {
            Some(address) => {
                let server = http::Server::bind(shell.app.clone(), address).await?;
                shell.out.note(&format!("Listening on http://{}.", server.address()));
                Some(tokio::spawn(server.run(stop.clone())))
            }
            None => None,
        };
        shell.out.note(match reach {
            Reach::Everything => "Working. Ctrl-C ends it; nothing is lost.",
            Reach::Rehearsals => {
                "Working on rehearsals only, in the sandbox. Ctrl-C ends it; nothing is lost."
            }
        });
        let idle = async {
            let mut quiet = 0;
            loop {
                let office = match reach.offices() {
                    [only] => Some(*only),
                    _ => None,
                };
                let active = Filter { active_only: true, office, ..Filter::default() };
                let idle = self.until_done
                    && ledger.list(&active, 1).await.is_ok_and(|left| left.is_empty())
                    && matches!(batch::report::any_moves(&shell.app, reach.offices()).await, Ok(false));
                // Between two jobs of a batch there may be a moment without any.
                quiet = if idle { quiet + 1 } else { 0 };
                if quiet > 2 {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let ended = tokio::select! {
            ended = &mut engine => Some(ended),
            () = interrupted() => None,
            () = idle => None,
        };
        stop.cancel();
        if let Some(served) = &mut served {
            served.await.map_err(|error| Error::internal("The receiver ended badly.").because(error))??;
        }
        let ended = match ended {
            Some(ended) => ended,
            None => engine.await,
        };
        ended.map_err(|error| Error::internal("The worker ended badly.").because(error))??;
        Ok(0)
    }
}
