//! A file of somebody's own that is to be posted: a video by its content, measured before anything else is done with it.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::error::{Error, Kind, Result};
use crate::jobs::deliver;
use crate::jobs::inspect::{PATIENCE, aside};
use crate::media::probe;
use crate::media::sniff;
use crate::model::report::FileReport;

/// The measures of a video.
///
/// # Errors
/// `UnsupportedFile` when it holds no moving pictures, or cannot be measured, so that nobody can say which channels take it.
pub(super) async fn measured(path: &Path) -> Result<FileReport> {
    let read = path.to_owned();
    let measured = aside(CancellationToken::new(), PATIENCE, move |limits| {
        let refuse = |why: String| {
            Error::new(Kind::UnsupportedFile, format!("{} {why}. Nothing was sent.", read.display()))
                .next("Name a video that plays, for example an MP4.")
        };
        let probe = probe::probe_within(&read, limits)
            .map_err(|error| refuse(format!("cannot be measured: {error}")))?;
        if probe.kind != sniff::Kind::Video {
            return Err(refuse("holds no moving pictures".to_owned()));
        }
        deliver::measure(&read, Some(&probe))
    });
    measured.await.map_err(|reason| Error::internal(format!("Measuring a file: {reason}.")))?
}
