//! Looking: is the start, the middle or the end black, does anything move?

use std::path::Path;

use super::{Point, Verdict};
use crate::media::decode::Stream;
use crate::media::frame::Frame;
use crate::media::sheet::{Sheet, SheetOptions, Sketch, Style, shrink};
use crate::media::shots::{self, Wish};
use crate::media::{Error, Limits};

/// Length of each of the three stretches that are looked at.
const STRETCH_MS: u64 = 1000;
/// Pictures looked at in each.
const LOOKS: u64 = 5;
/// Size of the luma thumbnails that are compared.
const THUMB: (usize, usize) = (64, 36);

/// What is remembered of a picture.
#[derive(Clone)]
struct Glance {
    black: bool,
    thumb: Vec<u8>,
}

/// Adds the points `start`, `middle`, `end` and `motion`, or `pictures` when none could be decoded. Shows the preview, if
/// one is being made, what it wants to see on the same way through the file, and gives it back finished.
pub(super) fn pictures(
    path: &Path,
    preview: Option<(Style, &SheetOptions)>,
    limits: &Limits,
    points: &mut Vec<Point>,
) -> Option<Result<Sheet, Error>> {
    let judged = Stream::open(path, limits).and_then(|mut stream| {
        let mut sketch = preview.map(|(style, options)| Sketch::new(style, options, &stream));
        let stretches = glances(&mut stream, sketch.as_mut())?;
        judge(&stretches, points);
        Ok(sketch.map(Sketch::finish))
    });
    match judged {
        Ok(finished) => finished,
        Err(error) => {
            points.push(match &error {
                Error::Undecodable { .. } | Error::TooBig { .. } | Error::Stopped => {
                    Point::not_decoded("pictures", &error)
                }
                _ => Point::new("pictures", Verdict::Fail, error.to_string()),
            });
            preview.map(|_| Err(error))
        }
    }
}

/// The pictures of start, middle and end.
fn glances(stream: &mut Stream, mut sketch: Option<&mut Sketch>) -> Result<[Vec<(u64, Glance)>; 3], Error> {
    let times = shots::spread(stream, 2);
    let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else {
        return Err(Error::Malformed { what: "none of its pictures is ever shown" });
    };
    let stretch = STRETCH_MS.min((last - first) / 3);
    let begins = [first, first + (last - first - stretch) / 2, last - stretch];
    let times_ms: Vec<u64> =
        begins.iter().flat_map(|begin| (0..LOOKS).map(move |n| begin + stretch * n / (LOOKS - 1))).collect();
    // Samples below this are black: a little above the floor, for noise.
    let dark = if stream.info.full_range { 20 } else { 34 };
    let looks = Wish { times_ms, tolerance_ms: stretch / LOOKS / 3 };
    let others = sketch.as_ref().map(|sketch| sketch.wish.clone());
    let wishes: Vec<&Wish> = [&looks].into_iter().chain(&others).collect();
    let mut seen = Vec::new();
    shots::visit(stream, &wishes, |number, at_ms, frame| match (number, &mut sketch) {
        (1, Some(sketch)) => sketch.add(at_ms, frame),
        _ => seen.push((at_ms, glance(frame, dark))),
    })?;
    if seen.is_empty() {
        return Err(Error::Malformed { what: "none of the pictures looked at could be decoded" });
    }
    seen.sort_by_key(|(at_ms, _)| *at_ms);
    let mut stretches: [Vec<(u64, Glance)>; 3] = Default::default();
    for (at_ms, glance) in &seen {
        // The stretch whose middle is nearest.
        let distance = |begin: &u64| (begin + stretch / 2).abs_diff(*at_ms);
        let nearest = (0..3).min_by_key(|n| begins.get(*n).map(distance));
        if let Some(list) = nearest.and_then(|n| stretches.get_mut(n)) {
            list.push((*at_ms, glance.clone()));
        }
    }
    // Screen recordings show one picture for many seconds: it is what the whole stretch looks like.
    for (list, begin) in stretches.iter_mut().zip(begins).filter(|(list, _)| list.is_empty()) {
        let (from, to) = (shots::on_screen(stream, begin), shots::on_screen(stream, begin + stretch));
        let lasting = seen.iter().find(|(at_ms, _)| from == to && from == Some(*at_ms));
        list.extend(
            lasting
                .iter()
                .flat_map(|(_, glance)| [begin, begin + stretch].map(|at_ms| (at_ms, glance.clone()))),
        );
    }
    Ok(stretches)
}

fn glance(frame: &Frame, dark: u8) -> Glance {
    let bright = frame.y.iter().filter(|y| **y > dark).count();
    // A film grain or a small logo does not make a black picture a picture.
    Glance {
        black: bright * 200 < frame.y.len(),
        thumb: shrink(&frame.y, (frame.width, frame.height), THUMB),
    }
}

fn judge(stretches: &[Vec<(u64, Glance)>; 3], points: &mut Vec<Point>) {
    let mut still = 0;
    for (name, pictures) in ["start", "middle", "end"].into_iter().zip(stretches) {
        let (Some((from, first)), Some((to, _))) = (pictures.first(), pictures.last()) else {
            points.push(Point::not_decoded(name, "no picture there could be decoded"));
            continue;
        };
        let when = format!("{:.1} to {:.1} s", *from as f64 / 1000.0, *to as f64 / 1000.0);
        let black = pictures.iter().filter(|(_, glance)| glance.black).count();
        let frozen =
            pictures.len() > 1 && pictures.iter().all(|(_, other)| alike(&first.thumb, &other.thumb));
        still += usize::from(frozen);
        points.push(if black == pictures.len() {
            Point::new(name, Verdict::Fail, format!("black from {when}"))
        } else if frozen {
            Point::new(name, Verdict::Warn, format!("nothing moves from {when}"))
        } else if black > 0 && name != "middle" {
            Point::new(name, Verdict::Pass, format!("fades from or to black, {when}"))
        } else {
            Point::new(name, Verdict::Pass, format!("pictures, {when}"))
        });
    }
    let all: Vec<&Glance> = stretches.iter().flatten().map(|(_, glance)| glance).collect();
    let same = all.first().is_some_and(|first| all.iter().all(|other| alike(&first.thumb, &other.thumb)));
    points.push(if all.len() < 2 {
        Point::new("motion", Verdict::Unknown, "there is only one picture")
    } else if same {
        Point::new("motion", Verdict::Fail, "the whole clip is one still picture")
    } else if still == 3 {
        Point::new("motion", Verdict::Warn, "still pictures one after the other")
    } else {
        Point::new("motion", Verdict::Pass, "the picture changes")
    });
}

/// Whether two thumbnails differ by no more than what coding noise does.
fn alike(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)));
    let (sum, most) = differences.fold((0, 0), |(sum, most), d| (sum + d, d.max(most)));
    most < 4 && sum * 3 < a.len() as u32
}
