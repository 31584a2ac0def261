//! `jobs`: the ledger by hand. Every job that was ever started can be found, followed and settled.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::make::Wait;
use super::preview::Look;
use super::{Exit, Shell, text};
use crate::error::{Error, Kind, Result};
use crate::jobs::money::{approve, books};
use crate::jobs::routes::rate;
use crate::jobs::{cancel, report, retry};
use crate::model::job::{JobId, State};
use crate::money::Usd;

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
    Show(Show),
    /// Go on with a job and wait for it
    Wait(Follow),
    /// Stop a job; what was paid stays paid
    Cancel(Named),
    /// Agree to the price of a job that waits for it
    Approve(Follow),
    /// Look once more at an uncertain job: whether it had an effect
    Adopt(Adopt),
    /// Try a failed or uncertain job again: only what is missing, and after the price was shown
    Retry(Retry),
    /// Give up an uncertain job; its worst-case cost stays in the books
    Drop(Named),
    /// Show what was paid in dollars, call by call
    Report(Report),
    /// Say whether a clip is good, or how it did: what `routes report` and `batch report` compare
    Rate(Rate),
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
    /// Open it as a page in the browser: player, contact sheet, timeline, cost
    #[arg(long)]
    open: bool,
    /// Only write the page and say where it is
    #[arg(long, requires = "open")]
    no_browser: bool,
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

#[derive(Args, Debug)]
pub(super) struct Adopt {
    #[command(flatten)]
    job: Named,
    /// The service's own id of the work, found in its dashboard or list
    #[arg(long, value_name = "ID")]
    remote_id: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Retry {
    #[command(flatten)]
    follow: Follow,
    /// Agree to the price, and to paying a second time for what may have been charged already
    #[arg(long, short)]
    yes: bool,
}

#[derive(Args, Debug)]
pub(super) struct Report {
    /// Only the last so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// As a table for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Have the service look at every receipt, and compare what they say with the books
    #[arg(long)]
    verify: bool,
}

#[derive(Args, Debug)]
pub(super) struct Rate {
    #[expect(clippy::doc_markdown, reason = "shown as it is in the help")]
    /// The job, as in job_0199…
    #[arg(value_name = "JOB", required_unless_present = "csv", requires = "verdict")]
    id: Option<String>,
    /// good, bad, or a number
    #[arg(value_name = "VERDICT", allow_negative_numbers = true)]
    verdict: Option<String>,
    /// A table with columns job or key, and verdict, score, views, likes, comments, shares, saves or engagements
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    csv: Option<std::path::PathBuf>,
    /// The batch that the table's keys are of
    #[arg(long, value_name = "NAME", requires = "csv")]
    batch: Option<String>,
}

impl Jobs {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        match self.command.unwrap_or(Command::List(self.list)) {
            Command::List(list) => list.run(shell).await,
            Command::Show(show) => {
                let job = report::find(&shell.app, &show.job.id()?).await?;
                if show.open {
                    return shell.open_page(&job, !show.no_browser).await;
                }
                let exit = shell.tell(&job, show.look, true).await?;
                // Whoever only looks has been shown what there is, however the job ended.
                Ok(if show.look.strict { exit } else { 0 })
            }
            Command::Wait(follow) => {
                let job = report::find(&shell.app, &follow.job.id()?).await?;
                shell.stay_with(&job.id, follow.wait.limit, follow.look, "Going on…", true).await
            }
            Command::Cancel(job) => {
                let before = report::find(&shell.app, &job.id()?).await?;
                let job = cancel::cancel(&shell.app, &before.id).await?;
                if !job.state.is_at_rest() {
                    shell.follow(&job.id, Some(SETTLING), Look::default(), "Stopping…").await?;
                    return Ok(0);
                }
                if job.state == before.state {
                    let mut report = shell.report(&job).await?;
                    report.message = cancel::too_late(&job);
                    shell.out.result(&report, || text::job(&report))?;
                    return Ok(0);
                }
                shell.tell(&job, Look::default(), false).await?;
                Ok(0)
            }
            Command::Approve(follow) => {
                let job = approve::approve(&shell.app, &follow.job.id()?, None).await?;
                shell.follow(&job.id, follow.wait.limit, follow.look, "Approved…").await
            }
            Command::Adopt(adopt) => {
                let job = cancel::adopt(&shell.app, &adopt.job.id()?, adopt.remote_id.as_deref()).await?;
                if job.state.is_at_rest() {
                    shell.tell(&job, Look::default(), false).await
                } else {
                    shell.follow(&job.id, Some(SETTLING), Look::default(), "Looking again…").await
                }
            }
            Command::Retry(retry) => retry.run(shell).await,
            Command::Report(report) => report.run(shell).await,
            Command::Rate(rate) => rate.run(shell).await,
            Command::Drop(job) => {
                let job = cancel::drop_uncertain(&shell.app, &job.id()?).await?;
                shell.tell(&job, Look::default(), false).await?;
                Ok(0)
            }
        }
    }
}

impl Retry {
    async fn run(self, shell: &Shell) -> Result<Exit> {
        let prospect = retry::prospect(&shell.app, &self.follow.job.id()?).await?;
        let mut question = format!("What is missing may cost up to {}.", prospect.most);
        if prospect.twice > Usd::ZERO {
            question.push_str(&format!(
                " Up to {} of that may be a second charge, because nobody knows whether the first was made.",
                prospect.twice
            ));
        }
        let is_free = prospect.most == Usd::ZERO && prospect.twice == Usd::ZERO;
        if !is_free && !self.yes && !shell.out.ask(&format!("{question} Go on? [y/N] ")) {
            return Err(
                Error::invalid(format!("{question} Nothing was sent.")).next("Add --yes to agree to that.")
            );
        }
        let job = retry::retry(&shell.app, &prospect.job.id).await?;
        shell.follow(&job.id, self.follow.wait.limit, self.follow.look, "Trying again…").await
    }
}

impl Report {
    async fn run(self, shell: &Shell) -> Result<Exit> {
        const DAY_MS: i64 = 86_400_000;
        let since_ms = self.days.map_or(0, |days| shell.app.now_ms() - i64::from(days) * DAY_MS);
        let mut books = books::books(&shell.app, since_ms).await?;
        if self.verify {
            books::verify(&shell.app, &mut books).await?;
        }
        if self.csv {
            shell.out.raw(&books::csv(&books)?)?;
            shell.out.note(&books.message);
        } else {
            shell.out.result(&books, || text::books(&books))?;
        }
        Ok(0)
    }
}

impl Rate {
    async fn run(self, shell: &Shell) -> Result<Exit> {
        let rated = match (&self.csv, &self.id) {
            (Some(file), _) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    Error::new(
                        Kind::NotFound,
                        format!("The table {} cannot be read: {error}.", file.display()),
                    )
                    .because(error)
                    .next("Name a CSV file in UTF-8.")
                })?;
                rate::many(&shell.app, &text, self.batch.as_deref()).await?
            }
            (None, id) => {
                let rating = rate::verdict(self.verdict.as_deref().unwrap_or_default())?;
                rate::one(&shell.app, &id.as_deref().unwrap_or_default().parse()?, rating).await?
            }
        };
        for problem in &rated.problems {
            shell.out.note(problem);
        }
        shell.out.result(&rated, || rated.message.clone())?;
        Ok(if rated.problems.is_empty() { 0 } else { Kind::InvalidInput.exit_code() })
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
        let now = jiff::Timestamp::from_millisecond(shell.app.now_ms()).unwrap_or_default();
        shell.out.result(&list, || text::jobs(&list, now))?;
        Ok(0)
    }
}
