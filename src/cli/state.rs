//! `state`: the current timeline.

use clap::Args;

use super::{Exit, Shell, text};
use crate::error::Result;
use crate::jobs::session;

#[derive(Args, Debug)]
pub(super) struct State {
    /// Show this session instead of the last one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Also make a link that opens the session in a browser; whoever has the link can open it
    #[arg(long)]
    link: bool,
}

impl State {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let report = session::state(&shell.app, &shell.caller, self.session.as_deref(), self.link).await?;
        shell.out.result(&report, || text::session(&report))?;
        Ok(0)
    }
}
