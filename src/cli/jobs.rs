//! `jobs`: the ledger by hand. Every job that was ever started can be found, followed and settled.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::make::Wait;
use super::preview::Look;
use super::{Exit, Shell, text};
use crate::error::Result;
use crate::jobs::{cancel, report};
use crate::model::job::{JobId, State};

/// How long a cancelled or adopted job may take to come to rest under our eyes.
const SETTLING: Duration = Duration::from_secs(60);

#[derive(Debug, Subcommand)]
pub(super) enum Jobs {
    /// List the newest jobs
    List(List),
    /// Show one job
    Show(Show),
    /// Go on with a job and wait for it
    Wait(Follow),
    /// Stop a job; what was paid stays paid
    Cancel(Named),
    /// Look once more at an uncertain job: whether it had an effect
    Adopt(Named),
    /// Give up an uncertain job; its worst-case cost stays in the books
    Drop(Named),
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Only jobs in this state, such as running, done, failed or uncertain
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// At most so many, up to 100
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
}

#[derive(Args, Debug)]
pub(super) struct Named {
    #[expect(clippy::doc_markdown, reason = "shown as it is in the help")]
    /// The job, as in job_0199…
    #[arg(value_name = "JOB")]
    id: String,
}

#[derive(Args, Debug)]
pub(super) struct Show {
    #[command(flatten)]
    job: Named,
    #[command(flatten)]
    look: Look,
}

#[derive(Args, Debug)]
pub(super) struct Follow {
    #[command(flatten)]
    job: Named,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    wait: Wait,
}

impl Jobs {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        match self {
            Self::List(list) => list.run(shell).await,
            Self::Show(show) => {
                let job = report::find(&shell.app, &show.job.id()?).await?;
                let exit = shell.tell(&job, show.look, true).await?;
                // Whoever only looks has been shown what there is, however the job ended.
                Ok(if show.look.strict { exit } else { 0 })
            }
            Self::Wait(follow) => {
                let job = report::find(&shell.app, &follow.job.id()?).await?;
                shell.follow(&job.id, follow.wait.limit, follow.look, "Going on…").await
            }
            Self::Cancel(job) => {
                let job = cancel::cancel(&shell.app, &job.id()?).await?;
                if !job.state.is_at_rest() {
                    shell.follow(&job.id, Some(SETTLING), Look::default(), "Stopping…").await?;
                    return Ok(0);
                }
                shell.tell(&job, Look::default(), false).await?;
                Ok(0)
            }
            Self::Adopt(job) => {
                let job = cancel::adopt(&shell.app, &job.id()?).await?;
                if job.state.is_at_rest() {
                    shell.tell(&job, Look::default(), false).await
                } else {
                    shell.follow(&job.id, Some(SETTLING), Look::default(), "Looking again…").await
                }
            }
            Self::Drop(job) => {
                let job = cancel::drop_uncertain(&shell.app, &job.id()?).await?;
                shell.tell(&job, Look::default(), false).await?;
                Ok(0)
            }
        }
    }
}

impl Named {
    fn id(&self) -> Result<JobId> {
        self.id.parse()
    }
}

impl List {
    async fn run(self, shell: &Shell) -> Result<Exit> {
        let state = self.state.as_deref().map(str::parse::<State>).transpose()?;
        let list = report::list(&shell.app, state, self.limit).await?;
        shell.out.result(&list, || text::jobs(&list))?;
        Ok(0)
    }
}
