//! `edit`: changes the current timeline by words.

use clap::Args;

use super::make::{Again, Wait};
use super::preview::Look;
use super::{Exit, Shell};
use crate::error::Result;
use crate::jobs::plan::EditInput;
use crate::jobs::submit;

#[derive(Args, Debug)]
pub(super) struct Edit {
    /// What to change, in any language
    #[arg(value_name = "INSTRUCTION", required = true)]
    words: Vec<String>,
    /// Work in this session instead of the last one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    again: Again,
    #[command(flatten)]
    wait: Wait,
}

impl Edit {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let input = EditInput {
            instruction: self.words.join(" "),
            service: None,
            session_id: self.session,
            request_id: self.again.request_id,
            new: self.again.new,
        };
        let submitted = submit::edit(&shell.app, &shell.caller, input).await?;
        shell.see_through(&submitted, self.wait.limit, Look::default(), "Sending the edit…").await
    }
}
