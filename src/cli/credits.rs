//! `credits`: the balance.

use clap::Args;

use super::{Exit, Shell, text};
use crate::error::Result;
use crate::jobs::money::balance;

#[derive(Args, Debug)]
pub(super) struct Credits {}

impl Credits {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let report = balance::credits(&shell.app).await?;
        shell.out.result(&report, || text::credits(&report))?;
        Ok(0)
    }
}
