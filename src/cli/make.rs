//! `make`: the main job by hand. A prompt in, an MP4 out.

use std::io::Read;
use std::time::Duration;

use clap::Args;

use super::preview::Look;
use super::publish::Posts;
use super::{Exit, Shell, text};
use crate::error::{Error, Result};
use crate::jobs::money::approve;
use crate::jobs::plan::GenerateInput;
use crate::jobs::{cancel, report, submit};
use crate::model::job::{Job, State};

/// More than any prompt that a service takes, so that a wrong file piped in is refused and not held.
const MAX_STDIN_BYTES: u64 = 1024 * 1024;

#[derive(Args, Debug)]
#[command(
    after_help = "The video is saved under a readable name in the folder firstcut among your videos, unless -o says
otherwise; nothing is overwritten.

Without --model, NemoVideo makes it for about 100 credits; no account is needed, and the first 100
are free. With --model, SkillBoss does, paid in dollars: firstcut estimate shows models and prices,
and what may cost more than 5 dollars is asked about first.

Examples:
  firstcut make \"a fox in the snow\" -o fox.mp4
  firstcut make \"waves at night\" --model veo-3.1 --seconds 8 --aspect 9:16"
)]
pub(super) struct Make {
    /// What the video shows, in any language; - reads it from stdin
    #[arg(value_name = "PROMPT", required = true)]
    words: Vec<String>,
    /// Length in seconds
    #[arg(long, visible_alias = "seconds", value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    duration: Option<f64>,
    /// Shape of the picture, such as 16:9, 9:16 or 1:1
    #[arg(long, value_name = "W:H")]
    aspect: Option<String>,
    /// Size of the picture, such as 1080p or 720p
    #[arg(long, value_name = "SIZE")]
    resolution: Option<String>,
    /// A model of SkillBoss, such as veo-3.1, paid in dollars. Without it, NemoVideo makes the video
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// What must not be seen
    #[arg(long, value_name = "WORDS")]
    negative_prompt: Option<String>,
    /// Picture to start from: a file; for NemoVideo also an https address
    #[arg(long, value_name = "FILE")]
    image: Option<String>,
    /// Picture to end with
    #[arg(long, value_name = "FILE")]
    last_frame: Option<String>,
    /// Picture to take people, things or style from; may be repeated
    #[arg(long = "reference-image", value_name = "FILE")]
    reference_images: Vec<String>,
    /// Ask for sound
    #[arg(long, conflicts_with = "no_audio")]
    audio: bool,
    /// Ask for silence
    #[arg(long, conflicts_with = "audio")]
    no_audio: bool,
    /// File to upload into the session first; may be repeated
    #[arg(long, value_name = "FILE")]
    upload: Vec<String>,
    /// Work on the timeline of this session (earlier answers name it) instead of a new one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Where the video goes: a file, or a folder
    #[arg(long, short, value_name = "PATH")]
    output: Option<String>,
    /// The most it may cost, in US dollars; more is refused
    #[arg(long, value_name = "USD", value_parser = amount, allow_negative_numbers = true)]
    max_cost_usd: Option<f64>,
    #[expect(clippy::doc_markdown, reason = "shown as it is in the help")]
    /// Count it to this batch, whose budget FIRSTCUT_MAX_USD_PER_BATCH is
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Agree to the price beforehand, within the budgets
    #[arg(long, short)]
    yes: bool,
    /// Let a small language model add detail to the prompt first, through SkillBoss
    #[arg(long)]
    enhance: bool,
    /// In a long video of several parts, begin each part on the last frame of the one before
    #[arg(long)]
    chain_frames: bool,
    /// Put it into the bucket too (s3, the default when one is set up), or only into its folder (folder)
    #[arg(long, value_name = "PLACE", value_parser = ["folder", "s3"])]
    deliver: Option<String>,
    #[command(flatten)]
    posts: Posts,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    again: Again,
    #[command(flatten)]
    wait: Wait,
}

/// How the same request is told from a new one.
#[derive(Args, Debug)]
pub(super) struct Again {
    /// Your own name for this request: the same name gives the same job
    #[arg(long, value_name = "NAME")]
    pub(super) request_id: Option<String>,
    /// Make another one although the same was asked before
    #[arg(long)]
    pub(super) new: bool,
}

/// How long a command stays with its job.
#[derive(Args, Debug)]
pub(super) struct Wait {
    /// Wait at most so long, in seconds; 0 only starts the job. Without it, until the job is done
    #[arg(long = "wait", value_name = "SECONDS", value_parser = wait)]
    pub(super) limit: Option<Duration>,
}

impl Make {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let (limit, look) = (self.wait.limit, self.look);
        let input = self.input()?;
        let accepted = submit::generate(&shell.app, &shell.caller, input).await?;
        shell.see_through(&accepted, limit, look, "Setting up…").await
    }

    /// What is asked for.
    pub(super) fn input(self) -> Result<GenerateInput> {
        let prompt = match self.words.as_slice() {
            [dash] if dash == "-" => stdin()?,
            words => words.join(" "),
        };
        Ok(GenerateInput {
            prompt,
            duration_seconds: self.duration,
            aspect_ratio: self.aspect,
            resolution: self.resolution,
            model: self.model,
            service: None,
            negative_prompt: self.negative_prompt,
            image: self.image,
            last_frame: self.last_frame,
            reference_images: self.reference_images,
            generate_audio: self.audio.then_some(true).or(self.no_audio.then_some(false)),
            max_cost_usd: self.max_cost_usd,
            session_id: self.session,
            output_path: self.output,
            request_id: self.again.request_id,
            new: self.again.new,
            files: self.upload,
            preview: self.look.preview,
            strict: self.look.strict,
            chain_frames: self.chain_frames,
            approved: self.yes,
            quote_token: None,
            batch: self.batch,
            deliver: self.deliver,
            publish: self.posts.input(),
            enhance: self.enhance.then_some(true),
        })
    }
}

impl Shell {
    /// Stays with the job, or prints the answer to words that were a question.
    pub(super) async fn see_through(
        &self,
        accepted: &submit::Accepted,
        limit: Option<Duration>,
        look: Look,
        notice: &str,
    ) -> Result<Exit> {
        match accepted {
            submit::Accepted::Job(submitted) => {
                self.note_repeat(submitted);
                if submitted.job.state == State::NeedsApproval && !self.agree(&submitted.job).await? {
                    let job = report::find(&self.app, &submitted.job.id).await?;
                    return self.tell(&job, look, false).await;
                }
                self.follow(&submitted.job.id, limit, look, notice).await
            }
            submit::Accepted::Told(report) => {
                self.out.result(report, || text::job(report))?;
                Ok(0)
            }
        }
    }

    /// Asks a person at a terminal whether the price is all right. Elsewhere nobody can answer.
    async fn agree(&self, job: &Job) -> Result<bool> {
        let report = report::report(&self.app, job).await?;
        let Some(most) = report.approval.map(|approval| approval.most_usd) else { return Ok(false) };
        if !self.out.ask(&format!("It may cost up to {most}. Go on? [y/N] ")) {
            if self.out.is_answered() {
                cancel::cancel(&self.app, &job.id).await?;
            }
            return Ok(false);
        }
        approve::approve(&self.app, &job.id, None).await?;
        Ok(true)
    }

    /// Says when a call was answered with a job that exists already.
    pub(super) fn note_repeat(&self, submitted: &submit::Submitted) {
        if !submitted.fresh {
            let id = &submitted.job.id;
            self.out
                .note(&format!("The same was asked before: this is job {id}. Use --new for another one."));
        }
    }
}

fn stdin() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(MAX_STDIN_BYTES + 1).read_to_string(&mut text).map_err(|error| {
        Error::invalid("The prompt cannot be read from stdin as UTF-8 text.").because(error)
    })?;
    if text.len() as u64 > MAX_STDIN_BYTES {
        return Err(Error::invalid("The prompt on stdin is longer than 1 MiB.").next("Shorten it."));
    }
    Ok(text)
}

/// A length; the range is checked where every door's requests are.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    number(text).ok_or_else(|| "give a number of seconds, such as 10".to_owned())
}

pub(super) fn amount(text: &str) -> Result<f64, String> {
    number(text).ok_or_else(|| "give an amount such as 0.50".to_owned())
}

fn wait(text: &str) -> Result<Duration, String> {
    number(text)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "give a number of seconds, 0 or more".to_owned())
}

/// `NaN` and infinity parse as numbers and are none that anybody means.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}
