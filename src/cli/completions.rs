//! `completions`: what a shell needs to complete our words.

use clap::{Args, CommandFactory};
use clap_complete::Shell as Dialect;
use serde_json::json;

use super::report::Out;
use super::{Cli, Exit};
use crate::error::Result;

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Dialect,
}

impl Completions {
    pub(super) fn run(&self, out: Out) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "firstcut", &mut script);
        let script = String::from_utf8_lossy(&script);
        out.result(&json!({ "shell": self.shell.to_string(), "script": script }), || script.to_string())?;
        Ok(0)
    }
}
