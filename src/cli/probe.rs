//! `probe`: what is in a media file.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::report::Out;
use crate::error::Result;

#[derive(Args, Debug)]
pub(super) struct Probe {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Probe {
    pub(super) fn run(&self, out: Out) -> Result<Exit> {
        let _ = (&self.file, out);
        Err(crate::error::Error::internal("not merged yet"))
    }
}
