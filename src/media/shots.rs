//! Shots: single pictures out of a clip, decoding no more than those need.

use super::Error;
use super::decode::{SampleKind, Stream, turned};
use super::frame::Frame;

/// How many samples past a damaged one are tried instead of it.
const TRIES: usize = 30;

/// The times of `count` pictures, evenly spaced from the first to the last.
pub(crate) fn spread(stream: &Stream, count: usize) -> Vec<u64> {
    let timeline = timeline(stream);
    let (Some(first), Some(last)) = (timeline.first(), timeline.last()) else { return Vec::new() };
    let steps = count.saturating_sub(1).max(1) as u64;
    (0..count as u64).map(|step| first.0 + (last.0 - first.0) * step / steps).collect()
}

/// Decodes the pictures at these times, or near ones within the tolerance that are cheaper to reach, each once, and
/// keeps of each what `keep` makes of it, so that memory stays bounded. In order of time. Fewer come back when several
/// times share a picture, or pictures are damaged.
pub(crate) fn take<T>(
    stream: &mut Stream,
    times_ms: &[u64],
    tolerance_ms: u64,
    mut keep: impl FnMut(&Frame) -> T,
) -> Result<Vec<(u64, T)>, Error> {
    let timeline = timeline(stream);
    let mut chosen = Vec::new();
    for target in times_ms {
        chosen.extend(nearest(stream, &timeline, *target, tolerance_ms)?);
    }
    chosen.sort_unstable();
    chosen.dedup();
    let mut shots: Vec<(u64, T)> = Vec::new();
    let mut next = None;
    for wanted in chosen {
        match reach(stream, wanted, &mut next) {
            Ok(Some((at_ms, frame))) => {
                if shots.iter().all(|(other, _)| *other != at_ms) {
                    shots.push((at_ms, keep(&frame)));
                }
            }
            Ok(None) => {}
            Err(Error::Truncated { .. }) => break,
            Err(other) => return Err(other),
        }
    }
    shots.sort_by_key(|(at_ms, _)| *at_ms);
    Ok(shots)
}

/// When the picture that is seen at a time came on.
pub(crate) fn on_screen(stream: &Stream, at_ms: u64) -> Option<u64> {
    timeline(stream)
        .into_iter()
        .map(|(shown_ms, _)| shown_ms)
        .take_while(|shown_ms| *shown_ms <= at_ms)
        .last()
}

/// Time and sample of every picture that is shown, in order of time.
fn timeline(stream: &Stream) -> Vec<(u64, usize)> {
    let shown = (0..stream.samples().len()).filter_map(|index| Some((stream.shown_ms(index)?.0, index)));
    let mut timeline: Vec<(u64, usize)> = shown.collect();
    timeline.sort_unstable();
    timeline
}

/// The sample shown nearest to a time; within the tolerance rather one that is cheap to reach: an IDR picture needs
/// nothing before it, and a reference picture is decoded on the way anyhow.
fn nearest(
    stream: &mut Stream,
    timeline: &[(u64, usize)],
    target: u64,
    tolerance_ms: u64,
) -> Result<Option<usize>, Error> {
    const LOOK_AT: usize = 64;
    let from = timeline.partition_point(|(at, _)| at + tolerance_ms < target);
    let to = timeline.partition_point(|(at, _)| *at <= target + tolerance_ms);
    let within = timeline.get(from..to).unwrap_or_default();
    let mut near: Vec<(u64, usize)> = within.iter().map(|(at, i)| (at.abs_diff(target), *i)).collect();
    near.sort_unstable();
    let is_sync = |(_, index): &&(u64, usize)| stream.samples().get(*index).is_some_and(|s| s.sync);
    if let Some((_, index)) = near.iter().find(is_sync).copied()
        && kind(stream, index)? == SampleKind::Idr
    {
        return Ok(Some(index));
    }
    near.truncate(LOOK_AT);
    for (_, index) in &near {
        if kind(stream, *index)? != SampleKind::Disposable {
            return Ok(Some(*index));
        }
    }
    // Nothing of use within the tolerance: what is on screen at that time.
    let on_screen = timeline.partition_point(|(at, _)| *at <= target).saturating_sub(1);
    Ok(near.first().map(|(_, index)| *index).or(timeline.get(on_screen).map(|(_, index)| *index)))
}

/// A sample past the end of a cut file is as good as disposable: it is tried and then left out.
fn kind(stream: &mut Stream, index: usize) -> Result<SampleKind, Error> {
    match stream.kind(index) {
        Err(Error::Truncated { .. }) => Ok(SampleKind::Disposable),
        other => other,
    }
}

/// Decodes one sample, from the last IDR picture before it or from where decoding stands.
fn reach(
    stream: &mut Stream,
    wanted: usize,
    next: &mut Option<usize>,
) -> Result<Option<(u64, Frame)>, Error> {
    let start = stream.start_before(wanted)?;
    let begin = match *next {
        Some(at) if at > start && at <= wanted => at,
        _ => {
            stream.reset();
            start
        }
    };
    for index in begin..wanted {
        stream.decode_reference(index)?;
    }
    let end = (wanted + TRIES).min(stream.samples().len());
    for index in wanted..end {
        *next = Some(index + 1);
        let frame = stream.decode(index)?;
        if let (Some(frame), Some((at_ms, _))) = (frame, stream.shown_ms(index)) {
            return Ok(Some((at_ms, turned(frame, stream.info.rotation_deg))));
        }
    }
    Ok(None)
}
