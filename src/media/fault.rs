//! What a media error means to the person in front: the same words at every door.

use std::io::ErrorKind;
use std::path::Path;

use super::Error as Media;
use crate::error::{Error, Kind};

impl Media {
    /// The error as it is told about a file, with its code and what to do. Nothing was spent by looking.
    #[must_use]
    pub fn about(self, path: &Path) -> Error {
        let shown = path.display();
        let kind = match &self {
            Self::Io(cause) => match cause.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => {
                    return Error::new(Kind::NotFound, format!("There is no file {shown}."))
                        .next("Check the name and the folder.");
                }
                ErrorKind::IsADirectory => {
                    return Error::invalid(format!("{shown} is a folder.")).next("Name a file in it.");
                }
                _ => Kind::Storage,
            },
            Self::TooBig { .. } => Kind::FileTooLarge,
            Self::Stopped => Kind::TimedOut,
            Self::NotMedia { .. }
            | Self::Truncated { .. }
            | Self::Malformed { .. }
            | Self::Undecodable { .. }
            | Self::Unencodable { .. } => Kind::UnsupportedFile,
        };
        Error::new(kind, format!("{shown}: {self}.")).next("Try another file, or make this one again.")
    }
}
