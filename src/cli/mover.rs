//! The loop that moves jobs, for as long as a command is there.

use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use super::Shell;
use super::follow::interrupted;
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::engine::{self, Reach, Stop};

/// How long steps in hand may take to let go at the end.
const LET_GO: Duration = Duration::from_secs(5);
/// How long a command that is done stays for what was begun for other jobs. A message may take minutes; after this
/// time it is left, and what it did is read later.
const FINISH: Duration = Duration::from_secs(20);
/// The same without a word.
const QUIETLY: Duration = Duration::from_secs(1);

/// Moves jobs beside what a command does.
pub(super) struct Mover {
    stop: Stop,
    task: JoinHandle<Result<()>>,
}

impl Mover {
    pub(super) fn start(app: &App, reach: Reach) -> Self {
        let stop = Stop::default();
        Self { task: tokio::spawn(engine::run(app.clone(), reach, stop.clone())), stop }
    }

    /// Comes back only when the loop has ended by itself, with the reason.
    pub(super) async fn broken(&mut self) -> Error {
        broken((&mut self.task).await)
    }

    /// Leaves what is in hand, because the person wants to go.
    pub(super) async fn leave(mut self) {
        self.stop.at_once();
        tokio::select! {
            _ = tokio::time::timeout(LET_GO, &mut self.task) => {}
            () = interrupted() => {}
        }
    }

    /// What was begun for other jobs is not cut off in the middle of a message because one's own is done.
    pub(super) async fn finish(mut self, shell: &Shell) {
        self.stop.gently();
        if tokio::time::timeout(QUIETLY, &mut self.task).await.is_ok() {
            return;
        }
        shell.out.note("Finishing what is under way for other jobs… (Ctrl-C leaves it; nothing is lost.)");
        let finished = tokio::select! {
            finished = tokio::time::timeout(FINISH, &mut self.task) => finished.is_ok(),
            () = interrupted() => false,
        };
        if !finished {
            self.leave().await;
        }
    }
}

fn broken(ended: std::result::Result<Result<()>, JoinError>) -> Error {
    match ended {
        Ok(Err(error)) => error,
        Ok(Ok(())) => Error::internal("The loop that moves jobs ended too early."),
        Err(panic) => Error::internal("The loop that moves jobs ended too early.").because(panic),
    }
}
