//! Which pictures a sheet shows, and how to decode no more than those need.

use crate::media::Error;
use crate::media::decode::{SampleKind, Stream, turned};
use crate::media::frame::Frame;

/// How many samples past a damaged one are tried instead of it.
const TRIES: usize = 30;

/// A decoded picture and its time.
pub(super) struct Shot {
    pub(super) at_ms: u64,
    pub(super) frame: Frame,
}

/// Up to `count` different pictures from the first to the last, evenly spaced, in order of time.
pub(super) fn spread(stream: &mut Stream, count: usize) -> Result<Vec<Shot>, Error> {
    let timeline = timeline(stream);
    let (Some(first), Some(last)) = (timeline.first(), timeline.last()) else { return Ok(Vec::new()) };
    let (start, span) = (first.0, last.0 - first.0);
    let steps = count.saturating_sub(1).max(1) as u64;
    let mut chosen = Vec::new();
    for step in 0..count as u64 {
        let target = start + span * step / steps;
        chosen.extend(nearest(stream, &timeline, target, span / steps / 8)?);
    }
    chosen.sort_unstable();
    chosen.dedup();
    let mut shots = decode(stream, &chosen)?;
    shots.sort_by_key(|shot| shot.at_ms);
    Ok(shots)
}

/// The picture shown at a time, or a near one that is cheaper.
pub(super) fn at(stream: &mut Stream, at_ms: u64) -> Result<Option<Shot>, Error> {
    let timeline = timeline(stream);
    let tolerance = timeline.last().map_or(0, |last| last.0 / 16);
    let chosen = nearest(stream, &timeline, at_ms, tolerance)?;
    Ok(decode(stream, chosen.as_slice())?.pop())
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
    let mut near: Vec<(u64, usize)> =
        timeline.get(from..to).unwrap_or_default().iter().map(|(at, i)| (at.abs_diff(target), *i)).collect();
    near.sort_unstable();
    near.truncate(LOOK_AT);
    let sync = near.iter().find(|(_, index)| stream.samples().get(*index).is_some_and(|s| s.sync)).copied();
    if let Some((_, index)) = sync
        && kind(stream, index)? == SampleKind::Idr
    {
        return Ok(Some(index));
    }
    for (_, index) in &near {
        if kind(stream, *index)? != SampleKind::Disposable {
            return Ok(Some(*index));
        }
    }
    // Nothing within the tolerance: what is on screen at that time.
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

/// Decodes the chosen samples, given in decoding order, each from the last IDR picture before it.
fn decode(stream: &mut Stream, chosen: &[usize]) -> Result<Vec<Shot>, Error> {
    let mut shots: Vec<Shot> = Vec::new();
    let mut next = None;
    for wanted in chosen {
        match reach(stream, *wanted, &mut next) {
            Ok(Some(shot)) if shots.iter().all(|other| other.at_ms != shot.at_ms) => shots.push(shot),
            Ok(_) => {}
            Err(Error::Truncated { .. }) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(shots)
}

fn reach(stream: &mut Stream, wanted: usize, next: &mut Option<usize>) -> Result<Option<Shot>, Error> {
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
            return Ok(Some(Shot { at_ms, frame: turned(frame, stream.info.rotation_deg) }));
        }
    }
    Ok(None)
}
