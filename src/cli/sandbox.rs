//! `sandbox`: the services' stand-in, by itself, for tests of other programs.

use clap::Args;

use super::{Exit, Shell};
use crate::error::Result;

#[derive(Args, Debug)]
pub(super) struct Sandbox {}

impl Sandbox {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let _ = shell;
        Err(crate::error::Error::internal("not merged yet"))
    }
}
