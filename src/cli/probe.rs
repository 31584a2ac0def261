//! `probe`: what is in a media file.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::report::Out;
use crate::error::Result;
use crate::media;

#[derive(Args, Debug)]
pub(super) struct Probe {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Probe {
    pub(super) fn run(&self, out: Out) -> Result<Exit> {
        let found = media::probe::probe(&self.file).map_err(|error| error.about(&self.file))?;
        out.result(&found, || format!("{}: {}", self.file.display(), found.summary()))?;
        Ok(0)
    }
}
