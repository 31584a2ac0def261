//! Shots: single pictures out of a clip, decoding no more than those need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::thread;

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

/// Pictures that somebody wants to see.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) times_ms: Vec<u64>,
    /// A picture this much earlier or later will do if it is cheaper to reach.
    pub(crate) tolerance_ms: u64,
}

/// Decodes the pictures at these times, or near ones within the tolerance that are cheaper to reach, each once, and
/// keeps of each what `keep` makes of it, so that memory stays bounded. In order of time. Fewer come back when several
/// times share a picture, or pictures are damaged.
pub(crate) fn take<T: Send>(
    stream: &mut Stream,
    times_ms: &[u64],
    tolerance_ms: u64,
    mut keep: impl FnMut(&Frame) -> T + Send,
) -> Result<Vec<(u64, T)>, Error> {
    let mut shots = Vec::new();
    let wish = Wish { times_ms: times_ms.to_vec(), tolerance_ms };
    visit(stream, &[&wish], |_, at_ms, frame| shots.push((at_ms, keep(frame))))?;
    shots.sort_by_key(|(at_ms, _)| *at_ms);
    Ok(shots)
}

/// The same for several wishes in one pass through the file: `show` gets the number of the wish, the time and the
/// picture, each picture at most once for each wish, in any order: where the file has several IDR pictures, two threads
/// decode side by side.
pub(crate) fn visit(
    stream: &mut Stream,
    wishes: &[&Wish],
    mut show: impl FnMut(usize, u64, &Frame) + Send,
) -> Result<(), Error> {
    let timeline = timeline(stream);
    let mut chosen = Chosen::new();
    for (number, wish) in wishes.iter().enumerate() {
        for target in &wish.times_ms {
            if let Some(sample) = nearest(stream, &timeline, *target, wish.tolerance_ms)? {
                chosen.entry(sample).or_default().insert(number);
            }
        }
    }
    let show = Mutex::new((&mut show, BTreeSet::new()));
    let [mine, others] = split(stream, chosen)?;
    if others.is_empty() {
        return show_all(stream, mine, &show);
    }
    let mut beside = stream.again()?;
    thread::scope(|scope| {
        let other = scope.spawn(|| show_all(&mut beside, others, &show));
        let first = show_all(stream, mine, &show);
        let second = other.join().unwrap_or(Err(Error::Malformed { what: "its pictures" }));
        first.and(second)
    })
}

/// What is wanted of a sample: the numbers of the wishes.
type Chosen = BTreeMap<usize, BTreeSet<usize>>;

/// A decoder that may hold more bytes than this works alone.
const MOST_HELD_BESIDE: u64 = 40 << 20;
/// Fewer bytes of coded pictures are not worth a thread and a decoder.
const LEAST_BESIDE: u64 = 128 << 10;

/// Shares samples out to two decoders. Those between one IDR picture and the next stay together, because each is decoded
/// on the way to the next.
fn split(stream: &mut Stream, chosen: Chosen) -> Result<[Chosen; 2], Error> {
    let hands = thread::available_parallelism().map_or(1, usize::from);
    if hands < 2 || stream.holds_bytes() > MOST_HELD_BESIDE {
        return Ok([chosen, Chosen::new()]);
    }
    let mut groups: BTreeMap<usize, Chosen> = BTreeMap::new();
    for (sample, numbers) in chosen {
        let start = match stream.start_before(sample) {
            // Past the end of a cut file: it will be tried, and found missing.
            Err(Error::Truncated { .. }) => sample,
            start => start?,
        };
        groups.entry(start).or_default().insert(sample, numbers);
    }
    let cost = |start: usize, group: &Chosen| {
        let last = group.last_key_value().map_or(start, |(sample, _)| *sample);
        let way = stream.samples().get(start..=last).unwrap_or_default();
        way.iter().map(|sample| u64::from(sample.size)).sum::<u64>()
    };
    let mut groups: Vec<(u64, Chosen)> =
        groups.into_iter().map(|(start, group)| (cost(start, &group), group)).collect();
    // The dearest first, each to whom has less to do.
    groups.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
    let mut shares = [(0, Chosen::new()), (0, Chosen::new())];
    for (cost, group) in groups {
        if let Some(share) = shares.iter_mut().min_by_key(|(cost, _)| *cost) {
            share.0 += cost;
            share.1.extend(group);
        }
    }
    let [(cost_a, mut mine), (cost_b, others)] = shares;
    if cost_a.min(cost_b) < LEAST_BESIDE {
        mine.extend(others);
        return Ok([mine, Chosen::new()]);
    }
    Ok([mine, others])
}

/// Decodes samples in order and shows them.
fn show_all(
    stream: &mut Stream,
    chosen: Chosen,
    show: &Mutex<(impl FnMut(usize, u64, &Frame), BTreeSet<(usize, u64)>)>,
) -> Result<(), Error> {
    let mut next = None;
    for (sample, numbers) in chosen {
        match reach(stream, sample, &mut next) {
            Ok(Some((at_ms, frame))) => {
                let mut show = show.lock().unwrap_or_else(PoisonError::into_inner);
                let (show, shown) = &mut *show;
                for number in numbers.into_iter().filter(|number| shown.insert((*number, at_ms))) {
                    show(number, at_ms, &frame);
                }
            }
            Ok(None) => {}
            Err(Error::Truncated { .. }) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(())
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
