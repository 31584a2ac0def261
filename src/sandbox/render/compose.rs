//! Puts a draft's timeline together: pictures track by track, words over them, sounds under them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::bed::Bed;
use super::caption::{self, Caption, Place, fade};
use super::crew::{Artist, Crew};
use super::hear::Recording;
use super::layer::Layer;
use super::mix::Desk;
use super::still::Still;
use super::timeline::{Segment, Timeline};
use super::{Canvas, Error, Progress, Rendered, film};
use crate::media::frame::{Frame, Yuv};

/// Renders a draft and writes it to `out`, replacing what is there.
///
/// `assets` says where the file behind a source string lies, or behind the last part of its path. A video segment with
/// a prompt, or with a title but no file, is drawn from its words; a sound segment without file is played by the band
/// that its title asks for.
///
/// # Errors
/// A draft without segments, a file that cannot be read, a full disk, or a cancelled job.
pub fn compose(
    draft: &Value,
    assets: &dyn Fn(&str) -> Option<PathBuf>,
    canvas: Canvas,
    out: &Path,
    progress: &Progress<'_>,
) -> Result<Rendered, Error> {
    let canvas = canvas.fitted();
    let timeline = Timeline::of(draft)?;
    let mut notes = Vec::new();
    let mut desk = desk(&timeline, assets, &mut notes)?;
    let words = words(&timeline, canvas, &mut notes);
    let mut stage = Stage::of(&timeline, assets, canvas)?;
    let mark = caption::mark(canvas);
    let artist: Artist<'_> = Box::new(|at_ms, frame| {
        stage.draw(at_ms, frame)?;
        for (segment, caption) in &words {
            caption.draw(frame, fade(at_ms, segment.start_ms as f64, segment.end_ms as f64));
        }
        mark.draw(frame, 1.0);
        Ok(())
    });
    let hear = Some(|left: &mut [f32], right: &mut [f32]| desk.play(left, right));
    let mut made = film::shoot(canvas, timeline.duration_ms, out, Crew::InOrder(artist), hear, progress)?;
    made.notes = notes;
    Ok(made)
}

/// The file behind a segment, with the name to use in errors.
fn file_of(segment: &Segment, assets: &dyn Fn(&str) -> Option<PathBuf>) -> Option<(String, PathBuf)> {
    let found = |source: &String| {
        let last = source
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default();
        let path = assets(source).or_else(|| (!last.is_empty()).then(|| assets(last)).flatten())?;
        Some((if last.is_empty() { source } else { last }.to_owned(), path))
    };
    segment.sources.iter().find_map(found)
}

/// Whether a picture segment is drawn from words, and from which.
fn drawn_from(segment: &Segment, has_file: bool) -> Option<&str> {
    match &segment.prompt {
        Some(prompt) => Some(prompt),
        None if !has_file && !segment.title.is_empty() => Some(&segment.title),
        None => None,
    }
}

fn missing(segment: &Segment) -> Error {
    let name = segment.sources.first().map_or("a segment without source", String::as_str);
    Error::Source {
        name: name.into(),
        why: "there is no such file, and the segment has no words to draw it from".into(),
    }
}

fn desk(
    timeline: &Timeline,
    assets: &dyn Fn(&str) -> Option<PathBuf>,
    notes: &mut Vec<String>,
) -> Result<Desk, Error> {
    let mut desk = Desk::default();
    for segment in timeline.sounds.iter().filter(|segment| segment.volume > 0.0) {
        let Some((name, path)) = file_of(segment, assets) else {
            let words = segment.prompt.as_ref().unwrap_or(&segment.title);
            desk.band(segment, Bed::for_title(words));
            continue;
        };
        match Recording::open(&path, segment.speed)
            .map_err(|why| Error::Source { name: name.clone(), why })?
        {
            Some(recording) => desk.file(segment, &name, recording)?,
            None => return Err(Error::Source { name, why: "it has no sound".into() }),
        }
    }
    for segment in timeline.pictures.iter().flatten().filter(|segment| segment.volume > 0.0) {
        let file = file_of(segment, assets);
        if let Some(words) = drawn_from(segment, file.is_some()) {
            let bed = if timeline.sounds.is_empty() { Bed::for_prompt(words) } else { Bed::of_place(words) };
            desk.band(segment, bed);
        } else if let Some((name, path)) = file.filter(|(_, path)| !Still::is_one(path)) {
            match Recording::open(&path, segment.speed) {
                Ok(Some(recording)) => desk.file(segment, &name, recording)?,
                Ok(None) => {}
                // The picture may still be fine; that its sound is missing must be said.
                Err(why) => notes.push(format!("\"{name}\" is shown without its own sound: {why}.")),
            }
        }
    }
    Ok(desk)
}

fn words(timeline: &Timeline, canvas: Canvas, notes: &mut Vec<String>) -> Vec<(Segment, Caption)> {
    let alone = timeline.texts.len() == 1;
    let mut set = Vec::new();
    for segment in &timeline.texts {
        let Some(text) = &segment.text else { continue };
        // A single short text is a title; several in a row are subtitles.
        let title = alone && text.chars().count() <= 40;
        let place = segment.place.unwrap_or(if title { Place::Center } else { Place::Bottom });
        match Caption::new(text, canvas, place) {
            Some(caption) => {
                set.push((
                    segment.clone(),
                    segment.colour.map(Yuv::hex).into_iter().fold(caption, Caption::coloured),
                ));
            }
            None => notes.extend(caption::unreadable(text)),
        }
    }
    set
}

/// All picture tracks.
struct Stage {
    /// Segments with what is needed to show them, by track from back to front.
    tracks: Vec<Vec<Seat>>,
    canvas: Canvas,
}

/// A segment that takes its place on the stage when its time comes and leaves it afterwards, so that memory holds only
/// what is on screen.
struct Seat {
    segment: Segment,
    words: Option<String>,
    file: Option<(String, PathBuf)>,
    overlay: bool,
    layer: Option<Layer>,
}

impl Stage {
    fn of(
        timeline: &Timeline,
        assets: &dyn Fn(&str) -> Option<PathBuf>,
        canvas: Canvas,
    ) -> Result<Self, Error> {
        let mut tracks = Vec::new();
        for (number, track) in timeline.pictures.iter().enumerate() {
            let mut seats = Vec::new();
            for segment in track {
                let file = file_of(segment, assets);
                let words = drawn_from(segment, file.is_some()).map(str::to_owned);
                if words.is_none() && file.is_none() {
                    return Err(missing(segment));
                }
                seats.push(Seat { segment: segment.clone(), words, file, overlay: number > 0, layer: None });
            }
            tracks.push(seats);
        }
        if tracks.is_empty() {
            // Sound or words alone get a quiet picture behind them.
            let title = Some(timeline.title.clone()).filter(|title| !title.is_empty());
            let backdrop = Segment::backdrop(title.clone().unwrap_or_default(), timeline.duration_ms);
            let words = Some(title.unwrap_or_else(|| "abstract".into()));
            tracks.push(vec![Seat { segment: backdrop, words, file: None, overlay: false, layer: None }]);
        }
        Ok(Self { tracks, canvas })
    }

    fn draw(&mut self, at_ms: f64, frame: &mut Frame) -> Result<(), Error> {
        let mut empty = true;
        for seats in &mut self.tracks {
            // Where segments of a track overlap, the one that started last is seen.
            let on =
                |seat: &Seat| at_ms >= seat.segment.start_ms as f64 && at_ms < seat.segment.end_ms as f64;
            let current = seats.iter().enumerate().filter(|(_, seat)| on(seat));
            let current = current
                .max_by_key(|(number, seat)| (seat.segment.start_ms, *number))
                .map(|(number, _)| number);
            for (number, seat) in seats.iter_mut().enumerate() {
                if Some(number) != current {
                    seat.layer = None;
                    continue;
                }
                if empty && seat.overlay {
                    frame.fill(Yuv::hex(0));
                }
                seat.draw(at_ms, self.canvas, frame)?;
                empty = false;
            }
        }
        if empty {
            frame.fill(Yuv::hex(0));
        }
        Ok(())
    }
}

impl Seat {
    fn draw(&mut self, at_ms: f64, canvas: Canvas, frame: &mut Frame) -> Result<(), Error> {
        let segment = &self.segment;
        if self.layer.is_none() {
            self.layer = Some(match (&self.words, &self.file) {
                (Some(words), _) => Layer::scene(words, canvas),
                (None, Some((name, path))) => Layer::file(path, segment, canvas, self.overlay)
                    .map_err(|why| Error::Source { name: name.clone(), why })?,
                (None, None) => return Err(missing(segment)),
            });
        }
        let Some(layer) = &mut self.layer else { return Ok(()) };
        let into_ms = at_ms - segment.start_ms as f64;
        let source_ms = segment.source_in_ms as f64 + into_ms * f64::from(segment.speed);
        let share = into_ms / (segment.end_ms - segment.start_ms) as f64;
        let name = || self.file.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
        layer.draw(source_ms, share as f32, frame).map_err(|why| Error::Source { name: name(), why })?;
        if !self.overlay {
            let share =
                |left_ms: f64, fade_ms: u64| if fade_ms == 0 { 1.0 } else { left_ms / fade_ms as f64 };
            let from_start = share(into_ms, segment.fade_in_ms);
            let to_end = share(segment.end_ms as f64 - at_ms, segment.fade_out_ms);
            let light = from_start.min(to_end).clamp(0.0, 1.0);
            if light < 1.0 {
                frame.tint(Yuv::hex(0), 1.0 - light as f32);
            }
        }
        Ok(())
    }
}
