//! `export`: saves the current timeline as an MP4. Free.

use clap::Args;

use super::make::{Again, Wait};
use super::preview::Look;
use super::publish::Posts;
use super::{Exit, Shell};
use crate::error::Result;
use crate::jobs::plan::ExportInput;
use crate::jobs::submit;

#[derive(Args, Debug)]
pub(super) struct Export {
    /// Export this session instead of the last one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Where the video goes: a file, or a folder
    #[arg(long, short, value_name = "PATH")]
    output: Option<String>,
    /// Where it goes beside its folder: s3 (the default when a bucket is set up) or folder
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

impl Export {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let input = ExportInput {
            service: None,
            session_id: self.session,
            output_path: self.output,
            request_id: self.again.request_id,
            new: self.again.new,
            preview: self.look.preview,
            strict: self.look.strict,
            deliver: self.deliver,
            publish: self.posts.input(),
        };
        let submitted = submit::export(&shell.app, &shell.caller, input).await?;
        shell.note_repeat(&submitted);
        shell.follow(&submitted.job.id, self.wait.limit, self.look, "Exporting…").await
    }
}
