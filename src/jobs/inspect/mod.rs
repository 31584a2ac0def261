//! Looking at a finished file before anybody calls it done: the delivery check, and a picture of it beside the file.
//!
//! Files come from strangers. So they are opened on a thread of their own, few at a time, within limits of size and
//! time; and whatever goes wrong is something to tell, never the end of a job that has its video.

mod aside;
mod strict;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Preview;
use crate::jobs::{deliver, report};
use crate::media::check::{self, Verdict, Wanted};
use crate::media::{Error as MediaError, Limits, sniff};
use crate::model::inspection::Inspection;
use crate::model::job::Job;
use crate::model::report::{CheckReport, FileReport, JobReport};
use crate::net::staged;

pub(super) use aside::{aside, joining};
pub(super) use strict::vet;
pub use strict::{approve, insist};

/// A file that takes longer is told to be not examined.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// What was seen of a file; kept in the notes of the job that delivered it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    /// Every point of the delivery check.
    pub(super) checks: Vec<CheckReport>,
    /// The picture that was made.
    pub(super) picture: Option<(Preview, FileReport)>,
    /// Why there is none although one was wanted.
    pub(super) no_picture: Option<String>,
}

impl Seen {
    /// Whether some point is broken or not what was asked for.
    pub(super) fn has_failed(&self) -> bool {
        self.checks.iter().any(|check| check.verdict == Verdict::Fail.name())
    }
}

/// Checks a delivered file and draws its preview. `None` when the process is asked to end meanwhile.
pub(super) async fn inspect(
    app: &App,
    file: &Path,
    inspection: &Inspection,
    stop: &CancellationToken,
) -> Option<Seen> {
    let (preview, budget) = wish(app, Some(inspection), None);
    let (file, wanted) = (file.to_owned(), wanted(inspection));
    let looked = aside(stop.clone(), PATIENCE, move |limits| {
        let (checks, drawn) = check_and_draw(&file, &wanted, preview, budget, limits);
        let mut seen = Seen { checks, ..Seen::default() };
        match drawn.and_then(|drawn| drawn.map(|drawn| drawn.saved_beside(&file, preview)).transpose()) {
            Ok(saved) => seen.picture = saved.map(|picture| (preview, picture)),
            Err(error) => seen.no_picture = Some(error.to_string()),
        }
        seen
    });
    let seen = looked.await;
    if stop.is_cancelled() {
        return None;
    }
    Some(seen.unwrap_or_else(|reason| Seen { no_picture: Some(reason), ..Seen::default() }))
}

/// Whether a preview that is drawn to be shown is saved, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Beside the video.
    Beside,
    /// Not at all: the caller promised to change nothing.
    Nowhere,
}

/// The preview of a job's video as JPEG within the budget: the one that was saved, else a new one, which enters the
/// report if it is kept. Without a video, or when none is wanted, there is nothing to show; what stands in the way is
/// added to the message.
pub async fn show(
    app: &App,
    job: &Job,
    report: &mut JobReport,
    asked: Option<Preview>,
    keep: Keep,
) -> Option<Vec<u8>> {
    let (preview, budget) = wish(app, job.request.inspection(), asked);
    let (video, seen) = report::video(app, job).await.ok().flatten()?;
    let saved = seen.picture.filter(|(kind, _)| *kind == preview).map(|(_, picture)| picture.path);
    if seen.no_picture.is_some() && asked.is_none() {
        return None; // told already, and no better now
    }
    let drawn = aside(CancellationToken::new(), PATIENCE, move |limits| {
        if let Some(jpeg) = saved.and_then(|path| read(Path::new(&path), budget, limits)) {
            return Ok(Some((None, jpeg)));
        }
        let video = Path::new(&video.path);
        let Some(drawn) = draw(video, preview, budget, limits)? else { return Ok(None) };
        let file = if keep == Keep::Beside { Some(drawn.saved_beside(video, preview)?) } else { None };
        Ok::<_, MediaError>(Some((file, drawn.jpeg)))
    });
    match drawn.await {
        Ok(Ok(drawn)) => {
            let (file, jpeg) = drawn?;
            report.files.extend(file.filter(|file| report.files.iter().all(|known| known.path != file.path)));
            Some(jpeg)
        }
        Ok(Err(MediaError::Io(cause))) if cause.kind() == std::io::ErrorKind::NotFound => {
            report.message.push_str(" There is no preview: the file is not there any more.");
            None
        }
        Ok(Err(error)) => {
            report.message.push_str(&format!(" There is no preview: {error}."));
            None
        }
        Err(reason) => {
            report.message.push_str(&format!(" There is no preview: {reason}."));
            None
        }
    }
}

/// What is not good, in a sentence or three; nothing when all is.
pub(super) fn summary(seen: &Seen) -> Option<String> {
    let of = |verdict: Verdict| {
        let points: Vec<_> =
            seen.checks.iter().filter(|check| check.verdict == verdict.name()).map(told).collect();
        (!points.is_empty()).then(|| points.join("; "))
    };
    let mut said = Vec::new();
    said.extend(of(Verdict::Fail).map(|points| format!("⚠️ The delivery check failed: {points}.")));
    said.extend(of(Verdict::Unknown).map(|points| format!("Not everything could be checked: {points}.")));
    said.extend(of(Verdict::Warn).map(|points| format!("Worth a look: {points}.")));
    said.extend(seen.no_picture.as_ref().map(|reason| format!("There is no preview: {reason}.")));
    (!said.is_empty()).then(|| said.join(" "))
}

fn told(check: &CheckReport) -> String {
    format!("{} ({})", check.point, check.detail)
}

/// The preview that is meant, and its budget: the call's word, else the job's, else the setting.
fn wish(app: &App, inspection: Option<&Inspection>, asked: Option<Preview>) -> (Preview, usize) {
    let config = app.config();
    let preview = asked.or(inspection.and_then(|inspection| inspection.preview)).unwrap_or(config.preview);
    (preview, config.preview_bytes)
}

/// What media is asked to hold a file to.
pub fn wanted(inspection: &Inspection) -> Wanted {
    Wanted {
        duration_s: inspection.duration_s,
        aspect: inspection.aspect,
        lines: inspection.lines,
        sound: inspection.sound,
        ..Wanted::default()
    }
}

/// The delivery check in the form of a report.
pub fn checks(file: &Path, wanted: &Wanted, limits: &Limits) -> Vec<CheckReport> {
    told_as_reports(check::check(file, wanted, limits))
}

fn told_as_reports(report: check::Report) -> Vec<CheckReport> {
    let told = report.points.into_iter().map(|point| CheckReport {
        point: point.name.to_owned(),
        verdict: point.verdict.name().to_owned(),
        detail: point.detail,
    });
    told.collect()
}

/// A saved picture, within the budget.
fn read(path: &Path, budget: usize, limits: &Limits) -> Option<Vec<u8>> {
    let bytes = std::fs::metadata(path).ok()?.len();
    if bytes > limits.sample_bytes {
        return None;
    }
    let jpeg = std::fs::read(path).ok().filter(|bytes| sniff::sniff(bytes) == Some(sniff::Format::Jpg))?;
    if jpeg.len() <= budget { Some(jpeg) } else { shrunk(path, budget, limits) }
}

/// A preview in memory.
struct Drawn {
    jpeg: Vec<u8>,
    width: u32,
    height: u32,
}

impl Drawn {
    /// Saves it: `clip.mp4` gets `clip.sheet.jpg`. One that was saved before, with the same content, is that picture.
    fn saved_beside(&self, video: &Path, preview: Preview) -> Result<FileReport, MediaError> {
        let path = self.save(video.with_extension(format!("{preview}.jpg")))?;
        Ok(FileReport {
            uri: url::Url::from_file_path(&path).map(String::from).unwrap_or_default(),
            path: path.display().to_string(),
            mime: "image/jpeg".to_owned(),
            bytes: self.jpeg.len() as u64,
            width: Some(self.width),
            height: Some(self.height),
            duration_s: None,
        })
    }

    fn save(&self, wanted: PathBuf) -> Result<PathBuf, MediaError> {
        if std::fs::read(&wanted).is_ok_and(|saved| saved == self.jpeg) {
            return Ok(wanted);
        }
        let part = deliver::part_file(&wanted, &format!("preview-{}", uuid::Uuid::new_v4().simple()));
        let published = std::fs::write(&part, &self.jpeg).map_err(MediaError::Io).and_then(|()| {
            staged::publish(&part, &wanted).map_err(|error| MediaError::Io(std::io::Error::other(error)))
        });
        if published.is_err() {
            // The first error is the one that matters.
            let _ = std::fs::remove_file(&part);
        }
        published
    }
}

/// The delivery check, and the preview from the same look at the file.
#[cfg(feature = "studio")]
fn check_and_draw(
    file: &Path,
    wanted: &Wanted,
    preview: Preview,
    budget: usize,
    limits: &Limits,
) -> (Vec<CheckReport>, Result<Option<Drawn>, MediaError>) {
    use crate::media::sheet::{SheetOptions, Style};
    let options = SheetOptions { max_bytes: budget, ..SheetOptions::default() };
    let style = match preview {
        Preview::None => return (checks(file, wanted, limits), Ok(None)),
        Preview::Poster => Style::Poster,
        Preview::Sheet => Style::Sheet,
    };
    let (report, drawn) = check::check_and_draw(file, wanted, style, &options, limits);
    (told_as_reports(report), drawn.map(|drawn| Some(drawn.into())))
}

#[cfg(not(feature = "studio"))]
fn check_and_draw(
    file: &Path,
    wanted: &Wanted,
    preview: Preview,
    budget: usize,
    limits: &Limits,
) -> (Vec<CheckReport>, Result<Option<Drawn>, MediaError>) {
    (checks(file, wanted, limits), draw(file, preview, budget, limits))
}

#[cfg(feature = "studio")]
impl From<crate::media::sheet::Sheet> for Drawn {
    fn from(sheet: crate::media::sheet::Sheet) -> Self {
        Self { jpeg: sheet.jpeg, width: sheet.width, height: sheet.height }
    }
}

#[cfg(feature = "studio")]
fn draw(file: &Path, preview: Preview, budget: usize, limits: &Limits) -> Result<Option<Drawn>, MediaError> {
    use crate::media::sheet::{self, SheetOptions};
    let options = SheetOptions { max_bytes: budget, ..SheetOptions::default() };
    let drawn = match preview {
        Preview::None => return Ok(None),
        Preview::Poster => sheet::poster(file, &options, limits)?,
        Preview::Sheet => sheet::sheet(file, &options, limits)?,
    };
    Ok(Some(drawn.into()))
}

#[cfg(feature = "studio")]
fn shrunk(path: &Path, budget: usize, limits: &Limits) -> Option<Vec<u8>> {
    use crate::media::sheet::{self, SheetOptions};
    let options = SheetOptions { max_bytes: budget, ..SheetOptions::default() };
    sheet::sheet(path, &options, limits).ok().map(|sheet| sheet.jpeg)
}

#[cfg(not(feature = "studio"))]
fn draw(_: &Path, preview: Preview, _: usize, _: &Limits) -> Result<Option<Drawn>, MediaError> {
    match preview {
        Preview::None => Ok(None),
        _ => Err(MediaError::Undecodable { reason: "this build has no decoders".to_owned() }),
    }
}

#[cfg(not(feature = "studio"))]
fn shrunk(_: &Path, _: usize, _: &Limits) -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests;
