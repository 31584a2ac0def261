//! How long 10,000 events take from bytes to outcome, in pieces as a network delivers them. Prints one line.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use firstcut::nemo::events::TurnEvent;
use firstcut::nemo::turn::{Fold, StreamEnd};
use firstcut::net::sse::{Decoder, Frame};

const EVENTS: usize = 10_000;
const PIECE_BYTES: usize = 8 * 1024;

fn main() {
    let recording = include_str!("../tests/fixtures/recordings/generate.sse");
    let events: Vec<&str> = recording.split_inclusive("\n\n").collect();
    let stream: String = events.iter().cycle().take(EVENTS).copied().collect();
    let mut times: Vec<Duration> = (0..5).map(|_| fold(stream.as_bytes())).collect();
    times.sort();
    let kib = stream.len() / 1024;
    println!("{EVENTS} events, {kib} KiB: median {:.1} ms, slowest {:.1} ms", ms(times[2]), ms(times[4]));
}

fn fold(stream: &[u8]) -> Duration {
    let begun = Instant::now();
    let (mut decoder, mut frames, mut fold) = (Decoder::default(), Vec::<Frame>::new(), Fold::default());
    for piece in stream.chunks(PIECE_BYTES) {
        decoder.push(piece, &mut frames).unwrap();
        for frame in frames.drain(..) {
            fold.push(TurnEvent::read(&frame));
        }
    }
    let outcome = fold.finish(StreamEnd::Complete);
    let taken = begun.elapsed();
    assert!(outcome.events > EVENTS / 2 && !outcome.text.is_empty());
    taken
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
