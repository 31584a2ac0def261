//! The delivery check: is the file what was asked for, and does it show and sound like something?

#[cfg(feature = "studio")]
mod listen;
#[cfg(feature = "studio")]
mod look;

use std::path::Path;

use serde::Serialize;

use super::probe::{Probe, probe_within};
#[cfg(feature = "studio")]
use super::sheet::{self, Sheet, SheetOptions, Style};
use super::sniff::{Format, Kind};
use super::{Error, Limits};

/// What was asked for; what is `None` is not held against the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Length in seconds; half a second of difference is allowed.
    pub duration_s: Option<f64>,
    /// Width and height in pixels, as shown.
    pub size: Option<(u32, u32)>,
    /// Width to height, such as 9 to 16.
    pub aspect: Option<(u32, u32)>,
    /// The shorter side in pixels, as in 1080p, lying or standing.
    pub lines: Option<u32>,
    /// Whether there is to be sound.
    pub sound: Option<bool>,
    /// The container; MP4 when not said otherwise.
    pub format: Option<Format>,
}

/// How a point came out, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Worth a look, but may be meant.
    Warn,
    /// Could not be examined: neither good nor bad.
    Unknown,
    /// Not what was asked for, or broken.
    Fail,
}

impl Verdict {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// One point of the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// What was examined: `container`, `complete`, `faststart`, `duration`, `resolution`, `aspect`, `start`, `middle`,
    /// `end`, `motion`, `sound`, `clipping`, `pictures`; or `file` when it could not be read at all.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found, in words.
    pub detail: String,
}

/// All points, and the worst of their verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every point that was examined, or could not be.
    pub points: Vec<Point>,
    /// The worst verdict of all points.
    pub verdict: Verdict,
}

/// Allowed difference from the length that was asked for.
const DURATION_TOLERANCE_S: f64 = 0.5;

impl Report {
    fn of(points: Vec<Point>) -> Self {
        let verdict = points.iter().map(|point| point.verdict).max().unwrap_or(Verdict::Unknown);
        Self { points, verdict }
    }

    /// The points that are not simply good, one per line.
    #[must_use]
    pub fn summary(&self) -> String {
        let doubtful = self.points.iter().filter(|point| point.verdict != Verdict::Pass);
        let lines: Vec<String> =
            doubtful.map(|p| format!("{}: {} ({})", p.name, p.detail, p.verdict.name())).collect();
        lines.join("\n")
    }
}

impl Point {
    fn new(name: &'static str, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { name, verdict, detail: detail.into() }
    }

    /// What is not decoded is not passed.
    fn not_decoded(name: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::new(name, Verdict::Unknown, format!("not decoded: {reason}"))
    }
}

/// Examines a finished video. Always gives a report: what keeps it from being examined is a point of it.
#[must_use]
pub fn check(path: &Path, wanted: &Wanted, limits: &Limits) -> Report {
    #[cfg(feature = "studio")]
    let look = |points: &mut Vec<Point>| drop(look::pictures(path, None, limits, points));
    #[cfg(not(feature = "studio"))]
    let look = |_: &mut Vec<Point>| {};
    examine(path, wanted, limits, look)
}

/// Examines a finished video and draws a preview of it on the same way through the file: decoding is what takes time.
///
/// # Errors
/// Those of [`sheet::sheet`], of the preview alone: the report is always given.
#[cfg(feature = "studio")]
pub fn check_and_draw(
    path: &Path,
    wanted: &Wanted,
    style: Style,
    options: &SheetOptions,
    limits: &Limits,
) -> (Report, Result<Sheet, Error>) {
    let mut drawn = None;
    let report = examine(path, wanted, limits, |points| {
        drawn = look::pictures(path, Some((style, options)), limits, points);
    });
    // What is no video, or cannot be decoded, gets its picture or its reason from those who know.
    let drawn = drawn.unwrap_or_else(|| match style {
        Style::Sheet => sheet::sheet(path, options, limits),
        Style::Poster => sheet::poster(path, options, limits),
    });
    (report, drawn)
}

/// `look` is to examine the pictures, if they can be decoded.
fn examine(path: &Path, wanted: &Wanted, limits: &Limits, look: impl FnOnce(&mut Vec<Point>)) -> Report {
    let probe = match probe_within(path, limits) {
        Ok(probe) => probe,
        Err(error) => return Report::of(vec![unreadable(&error)]),
    };
    let mut points = vec![container(path, &probe, wanted), complete(&probe)];
    points.extend(faststart(&probe));
    points.extend(duration(&probe, wanted));
    points.extend(size(&probe, wanted));
    match &probe.undecodable_reason {
        _ if probe.kind != Kind::Video => {
            points.push(Point::new("pictures", Verdict::Fail, "there is no video in it"));
        }
        Some(reason) => points.push(Point::not_decoded("pictures", reason)),
        None => look(&mut points),
    }
    sound(path, &probe, wanted, limits, &mut points);
    Report::of(points)
}

fn unreadable(error: &Error) -> Point {
    match error {
        Error::Truncated { .. } => Point::new("complete", Verdict::Fail, error.to_string()),
        Error::NotMedia { .. } => Point::new("container", Verdict::Fail, error.to_string()),
        Error::Stopped | Error::TooBig { .. } => Point::new("file", Verdict::Unknown, error.to_string()),
        _ => Point::new("file", Verdict::Fail, error.to_string()),
    }
}

fn container(path: &Path, probe: &Probe, wanted: &Wanted) -> Point {
    let (is, asked) = (probe.format, wanted.format.unwrap_or(Format::Mp4));
    if is != asked {
        return Point::new("container", Verdict::Fail, format!("it is {is:?}, not {asked:?}"));
    }
    match path.extension().and_then(|e| e.to_str()) {
        Some(extension) if !is.agrees_with(extension) => {
            Point::new("container", Verdict::Warn, format!("it is {is:?} but is named .{extension}"))
        }
        _ => Point::new("container", Verdict::Pass, format!("{is:?}")),
    }
}

fn complete(probe: &Probe) -> Point {
    match probe.truncated {
        true => Point::new("complete", Verdict::Fail, "the file ends before what its headers announce"),
        false => Point::new("complete", Verdict::Pass, format!("{} bytes", probe.bytes)),
    }
}

fn faststart(probe: &Probe) -> Option<Point> {
    Some(match probe.faststart? {
        true => Point::new("faststart", Verdict::Pass, "the index stands before the media"),
        false => Point::new(
            "faststart",
            Verdict::Warn,
            "the index stands behind the media: players must load all of it before they start",
        ),
    })
}

fn duration(probe: &Probe, wanted: &Wanted) -> Option<Point> {
    let asked = wanted.duration_s?;
    let Some(is) = probe.duration_s else {
        return Some(Point::new("duration", Verdict::Unknown, "the file does not say how long it is"));
    };
    // A length on the edge of the tolerance must not fail by the rounding of a float.
    let verdict =
        if (is - asked).abs() <= DURATION_TOLERANCE_S + 1e-6 { Verdict::Pass } else { Verdict::Fail };
    Some(Point::new("duration", verdict, format!("{is:.2} s; {asked} s were asked for")))
}

fn size(probe: &Probe, wanted: &Wanted) -> Vec<Point> {
    let mut points = Vec::new();
    let Some((width, height)) = probe.width.zip(probe.height) else {
        if wanted.size.is_some() || wanted.aspect.is_some() || wanted.lines.is_some() {
            points.push(Point::new(
                "resolution",
                Verdict::Unknown,
                "the file does not say how large its picture is",
            ));
        }
        return points;
    };
    let shape = |w: u32, h: u32| f64::from(w) / f64::from(h.max(1));
    let alike = |a: f64, b: f64| (a / b - 1.0).abs() < 0.012;
    if let Some((w, h)) = wanted.size {
        let verdict = match (
            width.abs_diff(w) <= 2 && height.abs_diff(h) <= 2,
            alike(shape(width, height), shape(w, h)),
        ) {
            (true, _) => Verdict::Pass,
            (_, true) if width > w => Verdict::Warn, // larger than asked for, in the right shape
            _ => Verdict::Fail,
        };
        points.push(Point::new("resolution", verdict, format!("{width}x{height}; {w}x{h} were asked for")));
    }
    if let Some(lines) = wanted.lines.filter(|_| wanted.size.is_none()) {
        let is = width.min(height);
        let verdict = match is {
            _ if is.abs_diff(lines) <= 2 => Verdict::Pass,
            _ if is > lines => Verdict::Warn, // more than asked for
            _ => Verdict::Fail,
        };
        points.push(Point::new("resolution", verdict, format!("{width}x{height}; {lines}p was asked for")));
    }
    if let Some((w, h)) = wanted.aspect.or(wanted.size) {
        let verdict = if alike(shape(width, height), shape(w, h)) { Verdict::Pass } else { Verdict::Fail };
        points.push(Point::new("aspect", verdict, format!("{width}x{height} against {w}:{h}")));
    }
    points
}

fn sound(path: &Path, probe: &Probe, wanted: &Wanted, limits: &Limits, points: &mut Vec<Point>) {
    match (probe.has_audio, wanted.sound) {
        (false, Some(true)) => {
            points.push(Point::new(
                "sound",
                Verdict::Fail,
                "there is no sound track, and sound was asked for",
            ));
        }
        (false, _) => points.push(Point::new("sound", Verdict::Pass, "no sound track")),
        #[cfg(feature = "studio")]
        (true, wanted) => listen::sound(path, wanted, limits, points),
        #[cfg(not(feature = "studio"))]
        (true, _) => {
            let _ = (path, limits);
            points.push(Point::not_decoded("sound", "this build has no decoders"));
        }
    }
}
