//! `probe`: what is in a media file, and with `--check` whether it is fit to be shown.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::Exit;
use super::report::Out;
use crate::error::{Kind, Result};
use crate::jobs::inspect;
use crate::media::Limits;
use crate::media::probe::{self, Probe as Found};
use crate::model::inspection::Inspection;
use crate::model::report::CheckReport;

/// No file may hold the command up for longer.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Args, Debug)]
pub(super) struct Probe {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Look into the video too: is it whole, does it show and sound like something? Ends with 33 when a point fails
    #[arg(long)]
    check: bool,
    /// With --check: the length that it shall have, in seconds
    #[arg(long, value_name = "SECONDS", requires = "check")]
    duration: Option<f64>,
    /// With --check: the shape that it shall have, such as 9:16
    #[arg(long, value_name = "W:H", requires = "check", value_parser = aspect)]
    aspect: Option<(u32, u32)>,
    /// With --check: the size that it shall have, such as 1080p
    #[arg(long, value_name = "SIZE", requires = "check", value_parser = lines)]
    resolution: Option<u32>,
    /// With --check: it shall have sound
    #[arg(long, requires = "check")]
    audio: bool,
    /// With --check: end with an error also when a point cannot be checked
    #[arg(long, requires = "check")]
    strict: bool,
}

/// What is told with `--check`.
#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    found: Option<Found>,
    checks: Vec<CheckReport>,
    /// pass, warn, unknown or fail: the worst of all points.
    verdict: &'static str,
}

impl Probe {
    pub(super) fn run(&self, out: Out) -> Result<Exit> {
        let limits = Limits::default().until(Instant::now() + PATIENCE);
        let found = probe::probe_within(&self.file, &limits).map_err(|error| error.about(&self.file));
        if !self.check {
            let found = found?;
            out.result(&found, || format!("{}: {}", self.file.display(), found.summary()))?;
            return Ok(0);
        }
        let found = match found {
            Ok(found) => Some(found),
            // There is a file, and that it cannot be read is a verdict about it.
            Err(error)
                if matches!(error.kind(), Kind::UnsupportedFile | Kind::FileTooLarge | Kind::TimedOut) =>
            {
                None
            }
            Err(error) => return Err(error),
        };
        let wanted = inspect::wanted(&Inspection {
            duration_s: self.duration,
            aspect: self.aspect,
            lines: self.resolution,
            sound: self.audio.then_some(true),
            ..Inspection::default()
        });
        let checks = inspect::checks(&self.file, &wanted, &limits);
        let order = ["fail", "unknown", "warn"];
        let worst = order.into_iter().find(|verdict| checks.iter().any(|check| check.verdict == *verdict));
        let told = Checked { found, checks, verdict: worst.unwrap_or("pass") };
        out.result(&told, || text(&self.file.display().to_string(), &told))?;
        match told.verdict {
            "fail" => Ok(Kind::CheckFailed.exit_code()),
            "unknown" if self.strict => Ok(Kind::CheckFailed.exit_code()),
            _ => Ok(0),
        }
    }
}

fn text(file: &str, told: &Checked) -> String {
    let about = told.found.as_ref().map_or("cannot be read".to_owned(), Found::summary);
    let mut text = format!("{file}: {about}");
    for check in &told.checks {
        text.push_str(&format!("\n{:<8} {:<11} {}", check.verdict, check.point, check.detail));
    }
    text
}

fn aspect(text: &str) -> Result<(u32, u32), String> {
    let sides =
        text.split_once(':').and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
    sides.filter(|(w, h)| *w > 0 && *h > 0).ok_or_else(|| "give a shape such as 9:16".to_owned())
}

fn lines(text: &str) -> Result<u32, String> {
    let number = text.trim().trim_end_matches(['p', 'P']);
    number.parse().ok().filter(|lines| *lines > 0).ok_or_else(|| "give a size such as 1080p".to_owned())
}
