//! How a finished video is shown before anybody calls it done.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The picture of a finished video that is made beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preview {
    /// Nothing is drawn.
    None,
    /// One telling picture.
    Poster,
    /// Nine pictures from beginning to end, with their times.
    #[default]
    Sheet,
}

impl Preview {
    /// Every choice by its name, in the order of the documentation.
    pub const NAMES: [&str; 3] = [Self::None.name(), Self::Poster.name(), Self::Sheet.name()];

    /// The name in settings and arguments, and in file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Poster => "poster",
            Self::Sheet => "sheet",
        }
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preview {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::None, Self::Poster, Self::Sheet].into_iter().find(|preview| preview.name() == text).ok_or_else(
            || {
                let names = Self::NAMES.join(", ");
                Error::invalid(format!("There is no preview {text:?}; there are {names}."))
            },
        )
    }
}
