//! Who draws and who encodes: one artist with an encoder beside, or several artists side by side.
//!
//! A film is cut into stretches that each begin with a key frame and have an encoder of their own. So the file is the
//! same however many hands were at work, and stretches can be made at the same time.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::{Canvas, Error};
use crate::media::encode::{AccessUnit, Encoder};
use crate::media::frame::Frame;

/// Draws the picture of a moment, given in milliseconds, over whatever stands in the frame.
pub(super) type Artist<'a> = Box<dyn FnMut(f64, &mut Frame) -> Result<(), Error> + Send + 'a>;

/// How the pictures of a film come about.
pub(super) enum Crew<'a> {
    /// In order, because each picture needs what was read for the one before: an artist, and an encoder beside.
    InOrder(Artist<'a>),
    /// In any order, because a picture depends on nothing but its time: as many artists as the machine has hands.
    Anyhow(&'a (dyn Fn() -> Artist<'a> + Sync)),
}

/// More artists than this are not hired: each needs some twenty megabytes.
const MOST_ARTISTS: usize = 4;
/// Pictures under way between an artist and the encoder beside; they are used again and again.
const IN_FLIGHT: usize = 3;
/// The longest that a player must decode before it can show a picture in the middle.
const STRETCH_SECONDS: u64 = 2;

/// Which picture belongs to which stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    canvas: Canvas,
    pictures: u64,
    /// Pictures in a stretch; the last one may have fewer.
    stretch: u64,
}

/// A coded picture, and the record that its stretch is decoded by.
pub(super) struct Coded {
    pub(super) unit: AccessUnit,
    pub(super) avcc: Vec<u8>,
}

impl Plan {
    /// Stretches of at most two seconds; more than one are an even number, so that two artists end together.
    pub(super) fn new(canvas: Canvas, pictures: u64) -> Self {
        let longest = u64::from(canvas.fps) * STRETCH_SECONDS;
        let count = match pictures.div_ceil(longest) {
            0 | 1 => 1,
            more => more.next_multiple_of(2),
        };
        Self { canvas, pictures, stretch: pictures.div_ceil(count).max(1) }
    }

    fn stretches(self) -> u64 {
        self.pictures.div_ceil(self.stretch)
    }

    fn pictures_of(self, stretch: u64) -> Range<u64> {
        stretch * self.stretch..((stretch + 1) * self.stretch).min(self.pictures)
    }

    fn at_ms(self, picture: u64) -> f64 {
        picture as f64 * 1000.0 / f64::from(self.canvas.fps)
    }

    fn frame(self) -> Frame {
        Frame::black(self.canvas.width as usize, self.canvas.height as usize)
    }

    fn encoder(self) -> Result<Encoder, Error> {
        Ok(Encoder::new(self.canvas.width, self.canvas.height, self.canvas.fps)?)
    }
}

/// Coded pictures as they come in, one lane from each artist.
pub(super) struct Rushes {
    plan: Plan,
    lanes: Vec<Receiver<Coded>>,
}

impl Rushes {
    /// Waits for a picture. They must be asked for in order; `None` when its artist gave up.
    pub(super) fn picture(&self, number: u64) -> Option<Coded> {
        let lane = number / self.plan.stretch % self.lanes.len().max(1) as u64;
        self.lanes.get(lane as usize)?.recv().ok()
    }
}

/// A thread at work; its error says why the pictures ended early. One whose pictures are not wanted any more ends well.
pub(super) type Hand<'scope> = ScopedJoinHandle<'scope, Result<(), Error>>;

impl<'a> Crew<'a> {
    /// Begins the work.
    pub(super) fn start<'scope>(
        self,
        plan: Plan,
        scope: &'scope Scope<'scope, 'a>,
    ) -> (Rushes, Vec<Hand<'scope>>)
    where
        'a: 'scope,
    {
        let lane = || sync_channel(plan.stretch as usize * 2);
        let hands = thread::available_parallelism().map_or(1, usize::from).min(MOST_ARTISTS);
        let artists = hands.min(usize::try_from(plan.stretches()).unwrap_or(hands));
        match self {
            Self::Anyhow(hire) if artists > 1 => {
                let (mut lanes, mut hands) = (Vec::new(), Vec::new());
                for first in 0..artists as u64 {
                    let (send, receive) = lane();
                    lanes.push(receive);
                    hands.push(scope.spawn(move || alone(plan, first, artists, hire(), &send)));
                }
                (Rushes { plan, lanes }, hands)
            }
            Self::Anyhow(hire) => Self::InOrder(hire()).start(plan, scope),
            Self::InOrder(artist) => {
                let (send, receive) = lane();
                let (hand_over, drawn) = sync_channel(IN_FLIGHT);
                let (give_back, used) = channel();
                let hands = vec![
                    scope.spawn(move || draw(plan, artist, &hand_over, &used)),
                    scope.spawn(move || encode(plan, &drawn, &give_back, &send)),
                ];
                (Rushes { plan, lanes: vec![receive] }, hands)
            }
        }
    }
}

/// Draws and encodes every so many stretches, from the `first`.
fn alone(
    plan: Plan,
    first: u64,
    step: usize,
    mut artist: Artist<'_>,
    send: &SyncSender<Coded>,
) -> Result<(), Error> {
    let mut frame = plan.frame();
    for stretch in (first..plan.stretches()).step_by(step) {
        let mut encoder = plan.encoder()?;
        for picture in plan.pictures_of(stretch) {
            artist(plan.at_ms(picture), &mut frame)?;
            let unit = encoder.encode(&frame)?;
            if send.send(Coded { unit, avcc: encoder.avcc()?.to_vec() }).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn draw(
    plan: Plan,
    mut artist: Artist<'_>,
    send: &SyncSender<Frame>,
    used: &Receiver<Frame>,
) -> Result<(), Error> {
    for picture in 0..plan.pictures {
        let mut frame = used.try_recv().unwrap_or_else(|_| plan.frame());
        artist(plan.at_ms(picture), &mut frame)?;
        if send.send(frame).is_err() {
            break;
        }
    }
    Ok(())
}

fn encode(
    plan: Plan,
    drawn: &Receiver<Frame>,
    give_back: &std::sync::mpsc::Sender<Frame>,
    send: &SyncSender<Coded>,
) -> Result<(), Error> {
    for stretch in 0..plan.stretches() {
        let mut encoder = plan.encoder()?;
        for _ in plan.pictures_of(stretch) {
            let Ok(frame) = drawn.recv() else { return Ok(()) };
            let unit = encoder.encode(&frame)?;
            // An artist who has drawn everything takes nothing back.
            let _ = give_back.send(frame);
            if send.send(Coded { unit, avcc: encoder.avcc()?.to_vec() }).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
