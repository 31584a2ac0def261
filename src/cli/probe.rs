//! `probe`: what is in a media file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::report::Out;
use crate::error::{Error, Kind, Result};
use crate::media;

#[derive(Args, Debug)]
pub(super) struct Probe {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Probe {
    pub(super) fn run(&self, out: Out) -> Result<Exit> {
        let found = media::probe::probe(&self.file).map_err(|error| told(&self.file, error))?;
        out.result(&found, || format!("{}: {}", self.file.display(), found.summary()))?;
        Ok(0)
    }
}

fn told(path: &Path, error: media::Error) -> Error {
    let shown = path.display();
    let kind = match &error {
        media::Error::Io(cause) => match cause.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                return Error::new(Kind::NotFound, format!("There is no file {shown}."))
                    .next("Check the name and the folder.");
            }
            ErrorKind::IsADirectory => {
                return Error::invalid(format!("{shown} is a folder.")).next("Name a file in it.");
            }
            _ => Kind::Storage,
        },
        media::Error::TooBig { .. } => Kind::FileTooLarge,
        media::Error::Stopped => Kind::Cancelled,
        media::Error::NotMedia { .. }
        | media::Error::Truncated { .. }
        | media::Error::Malformed { .. }
        | media::Error::Undecodable { .. }
        | media::Error::Unencodable { .. } => Kind::UnsupportedFile,
    };
    Error::new(kind, format!("{shown}: {error}.")).next("Try another file, or make this one again.")
}
