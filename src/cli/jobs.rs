//! `jobs`: the ledger by hand. Every job that was ever started can be found, followed and settled.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::make::Wait;
use super::{Exit, Shell, text};
use crate::error::Result;
use crate::jobs::{cancel, report};
use crate::model::job::{JobId, State};

/// How long a cancelled or adopted job may take to come to rest under our eyes.
const SETTLING: Duration = Duration::from_secs(60);

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Jobs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the newest jobs
    List(List),
    /// Show one job
    Show(Named),
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
pub(super) struct Follow {
    #[command(flatten)]
    job: Named,
    #[command(flatten)]
    wait: Wait,
}

impl Jobs {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        match self.command.unwrap_or(Command::List(self.list)) {
            Command::List(list) => list.run(shell).await,
            Command::Show(job) => {
                let job = report::find(&shell.app, &job.id()?).await?;
                let report = shell.report(&job).await?;
                shell.out.result(&report, || text::job(&report))?;
                Ok(0)
            }
            Command::Wait(follow) => {
                let job = report::find(&shell.app, &follow.job.id()?).await?;
                shell.follow(&job.id, follow.wait.limit, "Going on…").await
            }
            Command::Cancel(job) => {
                let job = cancel::cancel(&shell.app, &job.id()?).await?;
                if !job.state.is_at_rest() {
                    shell.follow(&job.id, Some(SETTLING), "Stopping…").await?;
                    return Ok(0);
                }
                shell.tell(&job, false).await?;
                Ok(0)
            }
            Command::Adopt(job) => {
                let job = cancel::adopt(&shell.app, &job.id()?).await?;
                if job.state.is_at_rest() {
                    shell.tell(&job, false).await
                } else {
                    shell.follow(&job.id, Some(SETTLING), "Looking again…").await
                }
            }
            Command::Drop(job) => {
                let job = cancel::drop_uncertain(&shell.app, &job.id()?).await?;
                shell.tell(&job, false).await?;
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
