//! `batch`: a file of wishes, priced as a whole, written down, and begun line by line.

mod live;
pub(super) mod told;

use std::io::Read as _;
use std::path::Path;

use clap::{Args, Subcommand};

use super::{Exit, Shell};
use crate::error::{Error, Kind, Result};
use crate::jobs::batch::{self, check, read, report};
use crate::jobs::routes;
use crate::ledger::{Enqueued, NewBatch};
use crate::model::batch::Wish;
use crate::model::job::Service;
use crate::money::Usd;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Batch {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    enqueue: Enqueue,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the batches
    List,
    /// Show a batch line by line
    Show(Named),
    /// Go on with a batch and stay until it ends
    Wait(Named),
    /// Begin no more lines; what was begun goes on
    Pause(Named),
    /// Go on with a paused batch, perhaps with another budget
    Resume(Resume),
    /// Begin nothing more and stop what was begun; what was paid stays paid
    Cancel(Named),
    /// Compare the models of a batch: clips, cost, and what was said of them
    Report(Named),
}

#[derive(Args, Debug)]
struct Enqueue {
    /// JSON lines, a CSV table or a .txt with one prompt a line; - reads it from stdin
    #[arg(value_name = "FILE", required = true)]
    file: Option<String>,
    /// Name of the batch; by itself the file's. The same name again adds what is new
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Agree to the price beforehand
    #[arg(long, short)]
    yes: bool,
    /// Only check and price it
    #[arg(long, conflicts_with_all = ["yes", "detach"])]
    check: bool,
    /// The most that the batch may cost, in US dollars; by itself the price that was agreed to
    #[arg(long, value_name = "USD", value_parser = dollars)]
    budget: Option<Usd>,
    /// Lines under way at once
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(batch::MAX_CONCURRENCY)))]
    concurrency: Option<u32>,
    /// Write it down and end; a worker, or batch wait, moves it
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    defaults: Defaults,
}

/// For lines that do not say it themselves.
#[derive(Args, Debug)]
#[command(next_help_heading = "For lines that do not say it themselves")]
struct Defaults {
    /// Model
    #[arg(long, value_name = "NAME", conflicts_with = "route")]
    model: Option<String>,
    /// Route of the settings, which chooses the model
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    /// Length in seconds
    #[arg(long, visible_alias = "duration", value_name = "SECONDS", value_parser = super::make::seconds)]
    seconds: Option<f64>,
    /// Shape of the picture, such as 9:16
    #[arg(long, value_name = "W:H")]
    aspect: Option<String>,
    /// Size of the picture, such as 1080p
    #[arg(long, value_name = "SIZE")]
    resolution: Option<String>,
    /// The most that each line may cost, in US dollars
    #[arg(long, value_name = "USD", value_parser = super::make::amount)]
    max_cost_usd: Option<f64>,
    /// Let a small language model add detail to the prompts first, through SkillBoss
    #[arg(long)]
    enhance: bool,
    /// Where the clips are posted, such as tiktok,reels
    #[arg(long, value_name = "CHANNELS", value_delimiter = ',')]
    channels: Vec<String>,
    /// The words of the posts
    #[arg(long, value_name = "WORDS")]
    caption: Option<String>,
    /// When they are posted: now, queue, or a time; without it they stay drafts
    #[arg(long, value_name = "TIME")]
    when: Option<String>,
    /// Who takes the posts: buffer, ayrshare, postiz or hook
    #[arg(long, value_name = "NAME")]
    scheduler: Option<String>,
    /// Where the clips go beside their folder: folder (nowhere) or s3
    #[arg(long, value_name = "PLACE")]
    deliver: Option<String>,
    /// Not before this time, such as 2026-12-01T09:00:00Z
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
}

#[derive(Args, Debug)]
struct Named {
    /// The batch
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Args, Debug)]
struct Resume {
    #[command(flatten)]
    batch: Named,
    /// The most that the batch may cost from now on, in US dollars, with what was spent
    #[arg(long, value_name = "USD", value_parser = dollars)]
    budget: Option<Usd>,
    /// Lines under way at once
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(batch::MAX_CONCURRENCY)))]
    concurrency: Option<u32>,
    /// Also try again what failed without a charge
    #[arg(long)]
    failed: bool,
    /// Only say so and end; a worker, or batch wait, moves it
    #[arg(long)]
    detach: bool,
}

impl Batch {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let Some(command) = self.command else { return self.enqueue.run(shell).await };
        let name = match &command {
            Command::List => {
                let all = report::list(&shell.app).await?;
                shell.out.result(&serde_json::json!({ "batches": all }), || told::batches(&all))?;
                return Ok(0);
            }
            Command::Report(named) => {
                let comparison = routes::report::of_batch(&shell.app, &named.name).await?;
                shell.out.result(&comparison, || super::routes::told::comparison(&comparison))?;
                return Ok(0);
            }
            Command::Wait(named) => return shell.stay(&named.name, 0).await,
            Command::Show(named) => named.name.clone(),
            Command::Pause(named) => batch::pause(&shell.app, &named.name).await?.name,
            Command::Cancel(named) => {
                let cancelled = batch::cancel(&shell.app, &named.name).await?;
                return shell.stay(&cancelled.name, 0).await.map(|_| 0);
            }
            Command::Resume(resume) => {
                let Resume { batch: named, budget, concurrency, failed, detach } = resume;
                let resumed = batch::resume(&shell.app, &named.name, *budget, *concurrency, *failed).await?;
                if !detach {
                    return shell.stay(&resumed.name, 0).await;
                }
                resumed.name
            }
        };
        let (told, _) = report::report(&shell.app, &name).await?;
        shell.out.result(&told, || told::batch(&told))?;
        Ok(0)
    }
}

impl Enqueue {
    async fn run(self, shell: &Shell) -> Result<Exit> {
        let file = self.file.unwrap_or_default();
        let text = content(&file)?;
        let form = read::Form::of(&file, &text)?;
        let lines = read::read(form, &text)?;
        let name = match self.name {
            Some(name) => name,
            None if file == "-" => {
                return Err(Error::invalid("A batch from stdin has no name. Nothing was sent.")
                    .next("Add --name NAME: the same name again resumes it."));
            }
            None => {
                let stem = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy();
                // What was rehearsed is still to be made when the same file is taken for real.
                match shell.app.service(None)? {
                    Service::Sandbox => format!("{stem}-rehearsal"),
                    Service::Nemo | Service::SkillBoss => stem.into_owned(),
                }
            }
        };
        let defaults = self.defaults.wish();
        let prospect = check::check(&shell.app, &shell.caller, &name, lines, &defaults).await?;
        let bad = prospect.problems.len();
        if self.check {
            shell.out.result(&prospect, || told::prospect(&prospect))?;
            return Ok(if bad > 0 { Kind::InvalidInput.exit_code() } else { 0 });
        }
        if shell.out.json {
            let mut shape = serde_json::to_value(&prospect)
                .map_err(|error| Error::internal("The price cannot be written as JSON.").because(error))?;
            shape["event"] = "priced".into();
            shell.out.line(&shape)?;
        } else {
            shell.out.note(&told::prospect(&prospect));
        }
        if prospect.lines.is_empty() {
            let what = match bad {
                1 => "The only line cannot be used. Nothing was sent.".to_owned(),
                bad => format!("None of the {bad} lines can be used. Nothing was sent."),
            };
            return Err(
                Error::invalid(what).next("Correct what is named above and run the same command again.")
            );
        }
        let question = if prospect.rehearsal { "Begin the rehearsal? [y/N] " } else { "Begin? [y/N] " };
        if prospect.new_lines > 0 && !self.yes && !shell.out.ask(question) {
            return Err(Error::new(
                Kind::InvalidInput,
                "Nobody agreed to the price. Nothing was written down or sent.",
            )
            .next("Add --yes to agree, or --check to see the price only."));
        }
        let new = NewBatch {
            name: prospect.batch.clone(),
            budget: self.budget,
            concurrency: self.concurrency,
            working_dir: shell.caller.working_dir.clone(),
        };
        let enqueued = batch::enqueue(&shell.app, &prospect, new).await?;
        shell.out.note(&told::marked(prospect.rehearsal, &said(&prospect.batch, &enqueued)));
        if self.detach {
            let (told, _) = report::report(&shell.app, &prospect.batch).await?;
            shell.out.result(&told, || told::batch_in_short(&told))?;
            return Ok(if bad > 0 { Kind::InvalidInput.exit_code() } else { 0 });
        }
        shell.stay(&prospect.batch, bad).await
    }
}

impl Defaults {
    fn wish(self) -> Wish {
        Wish {
            model: self.model,
            route: self.route,
            seconds: self.seconds,
            aspect: self.aspect,
            resolution: self.resolution,
            max_cost_usd: self.max_cost_usd,
            enhance: self.enhance.then_some(true),
            channels: self.channels,
            caption: self.caption,
            when: self.when,
            scheduler: self.scheduler,
            deliver: self.deliver,
            not_before: self.not_before,
            ..Wish::default()
        }
    }
}

/// What became of the lines.
fn said(name: &str, enqueued: &Enqueued) -> String {
    let list = |lines: &[u32]| lines.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let mut said = match enqueued.fresh {
        0 => format!("Batch {name}: nothing new; going on with what is there."),
        1 => format!("Batch {name}: 1 line written down."),
        many => format!("Batch {name}: {many} lines written down."),
    };
    match enqueued.known.len() {
        0 => {}
        1 => said.push_str(" 1 was there already."),
        many => said.push_str(&format!(" {many} were there already.")),
    }
    match enqueued.differing.as_slice() {
        [] => {}
        [line] => said.push_str(&format!(
            " ⚠️ Line {line} has a key that is in the batch with other content, which stands: give it a new key to make it too."
        )),
        lines => said.push_str(&format!(
            " ⚠️ Lines {} have keys that are in the batch with other content, which stands: give them new keys to make them too.",
            list(lines)
        )),
    }
    said
}

fn content(file: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let unreadable = |error: std::io::Error| {
        Error::new(Kind::NotFound, format!("The batch file {file} cannot be read: {error}."))
            .because(error)
            .next("Name a file of JSON lines, a CSV table or a .txt with prompts; - reads from stdin.")
    };
    let read = if file == "-" {
        std::io::stdin().lock().take(read::MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(read::MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(unreadable)?;
    if bytes.len() as u64 > read::MAX_BYTES {
        return Err(
            Error::invalid("The batch file is larger than 32 MiB. Nothing was sent.").next("Divide it.")
        );
    }
    String::from_utf8(bytes).map_err(|_| {
        Error::invalid("The batch file is no UTF-8 text. Nothing was sent.").next("Save it as UTF-8.")
    })
}

fn dollars(text: &str) -> Result<Usd, String> {
    text.parse::<Usd>()
        .ok()
        .filter(|usd| *usd >= Usd::ZERO)
        .ok_or_else(|| "give dollars of 0 or more, such as 12.50".to_owned())
}
