//! `publish`: puts a finished clip before people, through a scheduler. Drafts, unless a time is named.

use clap::Args;

use super::make::Wait;
use super::preview::Look;
use super::{Exit, Shell, text};
use crate::error::Result;
use crate::jobs::plan::PublishInput;
use crate::jobs::publish::{self, Asked, Published};

#[derive(Args, Debug)]
pub(super) struct Publish {
    #[expect(clippy::doc_markdown, reason = "shown as it is in the help")]
    /// The clip: a job, as in job_0199…, or a file
    #[arg(value_name = "JOB|FILE")]
    clip: String,
    #[command(flatten)]
    posts: Posts,
    /// Check everything and say what would happen; send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: Wait,
}

/// Which posts.
#[derive(Args, Debug)]
pub(super) struct Posts {
    /// Where the video is posted: tiktok, reels, shorts, x and more; may be repeated. With several accounts: tiktok:NAME
    #[arg(long = "channel", value_name = "NAME", value_delimiter = ',', help_heading = "Posts")]
    channels: Vec<String>,
    /// The words under the post
    #[arg(long, value_name = "WORDS", help_heading = "Posts", requires = "channels")]
    caption: Option<String>,
    /// When the post appears: now, queue (the next free slot), or a time such as 2026-12-01T15:00:00Z. Without it: a draft
    #[arg(long, value_name = "TIME", help_heading = "Posts", requires = "channels")]
    when: Option<String>,
    /// Only a draft in the scheduler, which a person sends
    #[arg(long, help_heading = "Posts", conflicts_with_all = ["when", "schedule"], requires = "channels")]
    draft: bool,
    /// In the next free slot of the scheduler, unless a time is named
    #[arg(long, help_heading = "Posts", requires = "channels")]
    schedule: bool,
    /// Who takes the post: buffer, ayrshare, postiz or hook
    #[arg(long, value_name = "NAME", help_heading = "Posts", requires = "channels")]
    scheduler: Option<String>,
}

impl Posts {
    /// What is asked for; none when no channel is named.
    pub(super) fn input(self) -> Option<PublishInput> {
        (!self.channels.is_empty()).then(|| PublishInput {
            channels: self.channels,
            caption: self.caption,
            when: self.when.or_else(|| self.schedule.then(|| "queue".to_owned())),
            scheduler: self.scheduler,
            draft: self.draft,
        })
    }
}

impl Publish {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let asked = match self.clip.parse() {
            Ok(id) => Asked::Job(id),
            Err(_) => Asked::File(self.clip),
        };
        let input = self.posts.input().unwrap_or_default();
        match publish::publish(&shell.app, &shell.caller, &asked, &input, self.dry_run).await? {
            Published::Tried(report) => {
                shell.out.result(&report, || text::job(&report))?;
                Ok(0)
            }
            Published::Job(job) => {
                shell.follow(&job.id, self.wait.limit, Look::default(), "Publishing…").await
            }
        }
    }
}
