//! Music made from nothing: a small band whose style the words choose, over the noise of a place.
//!
//! A bed has no end and is played once from its start, block by block.

use std::f32::consts::TAU;

use super::air::Air;
use super::look::{Look, Place};
use super::noise::{Dice, wave};
use crate::media::aac::SAMPLE_RATE;

const RATE: f32 = SAMPLE_RATE as f32;

/// How the band plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Ambient,
    LoFi,
    Piano,
    Upbeat,
    Cinematic,
    /// Only the noise of the place.
    None,
}

/// An endless piece of music with the noise of a place under it.
pub(super) struct Bed {
    style: Style,
    air: Option<Air>,
    dice: Dice,
    played: u64,
    step: u64,
    root: f32,
    notes: Vec<Note>,
    /// One-pole filters that take the edge off the band, left and right.
    soft: [f32; 2],
    echo: Vec<[f32; 2]>,
}

#[derive(Clone, Copy)]
enum Sound {
    Pad,
    Keys,
    Bass,
    Pluck,
    Kick,
    Hat,
    Snare,
    Boom,
}

struct Note {
    sound: Sound,
    frequency: f32,
    start: u64,
    length: u64,
    gain: f32,
    pan: f32,
    hiss: Dice,
}

/// Words of a title, for the style that they ask for.
const STYLES: [(Style, &str); 5] = [
    (
        Style::LoFi,
        "lo-fi lofi chill hip-hop hiphop jazz relax relaxing coffee study beats 低保真 爵士 慵懒 放松",
    ),
    (
        Style::Piano,
        "piano soft gentle romantic sad emotional wedding love classical calm 钢琴 抒情 浪漫 温柔 安静 古典",
    ),
    (
        Style::Upbeat,
        "upbeat happy energetic pop dance electronic edm fun summer sport fast party funk rock 欢快 动感 流行 电子 快乐 活力",
    ),
    (
        Style::Cinematic,
        "epic cinematic trailer dramatic orchestral heroic inspiring strings 史诗 电影 大气 震撼 交响",
    ),
    (Style::Ambient, "ambient meditation nature drone space dreamy atmospheric 氛围 冥想 自然 空灵"),
];

impl Bed {
    /// For a shot: quiet music and the noise of its place.
    pub(super) fn for_prompt(prompt: &str) -> Self {
        let look = Look::of(prompt);
        let style = match look.place {
            Place::City => Style::LoFi,
            Place::Abstract => Style::Upbeat,
            Place::Winter | Place::Forest => Style::Piano,
            _ => Style::Ambient,
        };
        Self::new(style, Air::of(&look), Dice::of_words(prompt))
    }

    /// The noise of a shot's place alone, to go under other music.
    pub(super) fn of_place(prompt: &str) -> Self {
        Self::new(Style::None, Air::of(&Look::of(prompt)), Dice::of_words(prompt))
    }

    /// For a music segment with a title.
    pub(super) fn for_title(title: &str) -> Self {
        let lower = title.to_lowercase();
        let points = |list: &str| list.split_whitespace().filter(|word| lower.contains(word)).count();
        let best =
            STYLES.iter().rev().max_by_key(|(_, list)| points(list)).filter(|(_, list)| points(list) > 0);
        Self::new(best.map_or(Style::LoFi, |&(style, _)| style), None, Dice::of_words(title))
    }

    fn new(style: Style, air: Option<Air>, mut dice: Dice) -> Self {
        let root = 110.0 * (dice.between(0.0, 7.0).floor() / 12.0).exp2();
        Self {
            style,
            air,
            dice,
            played: 0,
            step: 0,
            root,
            notes: Vec::new(),
            soft: [0.0; 2],
            echo: vec![[0.0; 2]; 18_000],
        }
    }

    /// Adds the next samples to a block, by a factor.
    pub(super) fn add(&mut self, volume: f32, left: &mut [f32], right: &mut [f32]) {
        let count = left.len().min(right.len());
        let end = self.played + count as u64;
        let sixteenth = self.sixteenth();
        while self.style != Style::None && self.step * sixteenth < end {
            self.compose(self.step * sixteenth);
            self.step += 1;
        }
        let mut band = vec![[0.0f32; 2]; count];
        for note in &mut self.notes {
            note.play(self.played, &mut band);
        }
        self.notes.retain(|note| note.start + note.length > end);
        let tone = if self.style == Style::LoFi { 0.22 } else { 0.5 };
        let fade_in = |at: u64| (at as f32 / (RATE * 0.4)).min(1.0);
        for (number, ((l, r), band)) in left.iter_mut().zip(right.iter_mut()).zip(&band).enumerate() {
            let at = self.played + number as u64;
            let slot = (at % self.echo.len() as u64) as usize;
            let mut pair = *band;
            for (channel, value) in pair.iter_mut().enumerate() {
                if let (Some(soft), Some(past)) = (self.soft.get_mut(channel), self.echo.get_mut(slot)) {
                    *soft += (*value - *soft) * tone;
                    // The echo comes back from the other side.
                    let back = past.get(1 - channel).copied().unwrap_or(0.0);
                    *value = *soft + 0.28 * back;
                }
            }
            if let Some(past) = self.echo.get_mut(slot) {
                *past = pair.map(|value| value * 0.8);
            }
            let air = self.air.as_mut().map_or([0.0; 2], |air| air.next(at));
            let gain = volume * fade_in(at);
            *l += gain * (pair[0] * 0.8 + air[0]);
            *r += gain * (pair[1] * 0.8 + air[1]);
        }
        self.played = end;
    }

    /// Samples in a sixteenth of a bar.
    fn sixteenth(&self) -> u64 {
        let bpm = match self.style {
            Style::LoFi => 78.0,
            Style::Upbeat => 118.0,
            Style::Piano => 72.0,
            Style::Cinematic => 80.0,
            Style::Ambient | Style::None => 60.0,
        };
        (RATE * 60.0 / bpm / 4.0) as u64
    }

    /// Starts the notes of one sixteenth.
    fn compose(&mut self, at: u64) {
        // Four chords that may follow each other forever, in half tones above the root: I–vi–IV–V and relatives.
        const BRIGHT: [[f32; 4]; 4] =
            [[0., 4., 7., 11.], [9., 12., 16., 19.], [5., 9., 12., 16.], [7., 11., 14., 17.]];
        const DARK: [[f32; 4]; 4] =
            [[0., 3., 7., 10.], [8., 12., 15., 19.], [3., 7., 10., 14.], [10., 14., 17., 20.]];
        let table = if self.style == Style::Cinematic { &DARK } else { &BRIGHT };
        let bar = self.step / 16;
        let beat = self.step % 16;
        let Some(&chord) = table.get(bar as usize % 4) else { return };
        let sixteenth = self.sixteenth();
        let pitch = |tone: f32| self.root * (tone / 12.0).exp2();
        let mut new: Vec<(Sound, f32, u64, f32, f32)> = Vec::new();
        let pick = |dice: &mut Dice| chord.get(dice.next() as usize % 4).copied().unwrap_or(0.0);
        if beat == 0 {
            let (gain, sound) = match self.style {
                Style::LoFi => (0.085, Sound::Keys),
                Style::Piano => (0.06, Sound::Keys),
                _ => (0.05, Sound::Pad),
            };
            for (number, tone) in chord.iter().enumerate() {
                new.push((sound, pitch(*tone) * 2.0, sixteenth * 19, gain, number as f32 * 0.4 - 0.6));
            }
            new.push((Sound::Bass, pitch(chord[0]) / 2.0, sixteenth * 15, 0.16, 0.0));
        }
        match self.style {
            Style::LoFi => {
                if matches!(beat, 0 | 10) {
                    new.push((Sound::Kick, 52.0, 12_000, 0.42, 0.0));
                }
                if matches!(beat, 4 | 12) {
                    new.push((Sound::Snare, 180.0, 9_000, 0.16, 0.05));
                }
                if beat.is_multiple_of(2) {
                    new.push((
                        Sound::Hat,
                        0.0,
                        2_400,
                        if beat.is_multiple_of(4) { 0.03 } else { 0.05 },
                        0.25,
                    ));
                }
                if matches!(beat, 3 | 6 | 11 | 14) && self.dice.unit() < 0.55 {
                    let tone = pick(&mut self.dice);
                    new.push((
                        Sound::Keys,
                        pitch(tone) * 4.0,
                        sixteenth * 6,
                        0.06,
                        self.dice.between(-0.5, 0.5),
                    ));
                }
            }
            Style::Piano => {
                if beat.is_multiple_of(2) {
                    let tone = chord.get((beat / 2 % 4) as usize).copied().unwrap_or(0.0);
                    new.push((Sound::Keys, pitch(tone) * 2.0, sixteenth * 8, 0.10, -0.2));
                }
                if matches!(beat, 0 | 6 | 12) && self.dice.unit() < 0.75 {
                    let tone = pick(&mut self.dice);
                    new.push((Sound::Keys, pitch(tone) * 4.0, sixteenth * 10, 0.13, 0.3));
                }
            }
            Style::Upbeat => {
                if beat.is_multiple_of(4) {
                    new.push((Sound::Kick, 55.0, 10_000, 0.42, 0.0));
                }
                if beat % 8 == 4 {
                    new.push((Sound::Snare, 200.0, 8_000, 0.18, 0.0));
                }
                if beat % 4 == 2 {
                    new.push((Sound::Hat, 0.0, 3_000, 0.07, -0.2));
                    new.push((Sound::Bass, pitch(chord[0]) / 2.0, sixteenth * 2, 0.2, 0.0));
                }
                if self.dice.unit() < 0.7 {
                    let tone = pick(&mut self.dice);
                    new.push((
                        Sound::Pluck,
                        pitch(tone) * 4.0,
                        sixteenth * 4,
                        0.075,
                        wave(self.step as f32 * 0.13) * 0.6,
                    ));
                }
            }
            Style::Cinematic => {
                if beat == 0 || (bar % 2 == 1 && beat == 12) {
                    new.push((Sound::Boom, 46.0, 60_000, 0.5, 0.0));
                }
                if beat.is_multiple_of(2) {
                    new.push((Sound::Pluck, pitch(chord[0]), sixteenth * 2, 0.10, -0.3));
                }
            }
            Style::Ambient | Style::None => {
                if beat % 4 == 2 && self.dice.unit() < 0.4 {
                    let tone = pick(&mut self.dice);
                    new.push((
                        Sound::Keys,
                        pitch(tone) * 4.0,
                        sixteenth * 14,
                        0.045,
                        self.dice.between(-0.7, 0.7),
                    ));
                }
            }
        }
        for (sound, frequency, length, gain, pan) in new {
            let hiss = Dice::new(self.dice.next());
            self.notes.push(Note { sound, frequency, start: at, length, gain, pan, hiss });
        }
    }
}

impl Note {
    fn play(&mut self, from: u64, band: &mut [[f32; 2]]) {
        let first = self.start.max(from);
        let last = (self.start + self.length).min(from + band.len() as u64);
        if first >= last {
            return;
        }
        let span = band.get_mut((first - from) as usize..(last - from) as usize).unwrap_or_default();
        let length = self.length as f32 / RATE;
        let (left, right) = ((1.0 - self.pan).min(1.0) * self.gain, (1.0 + self.pan).min(1.0) * self.gain);
        for (at, pair) in (first - self.start..).zip(span) {
            let t = at as f32 / RATE;
            // Phase in double precision, or long notes lose their pitch.
            let turns = |factor: f32| (f64::from(t) * f64::from(self.frequency * factor) % 1.0) as f32;
            let release = ((length - t) * 20.0).min(1.0);
            let value = match self.sound {
                Sound::Pad => {
                    let swell = (t / (length * 0.35)).min(1.0) * ((length - t) / (length * 0.3)).min(1.0);
                    swell
                        * (wave(turns(1.0))
                            + 0.7 * wave(turns(1.004))
                            + 0.25 * wave(turns(2.003))
                            + 0.12 * wave(turns(3.0)))
                }
                Sound::Keys => {
                    let decay = (-t * 2.2).exp();
                    let attack = (t * 250.0).min(1.0);
                    let shimmer = 1.0 + 0.08 * wave(t * 4.5);
                    attack
                        * release
                        * shimmer
                        * (decay * wave(turns(1.0))
                            + 0.45 * decay * decay * wave(turns(2.0))
                            + 0.18 * decay.powi(4) * wave(turns(4.01)))
                }
                Sound::Bass => {
                    (t * 60.0).min(1.0)
                        * release
                        * (-t * 0.9).exp()
                        * (wave(turns(1.0)) + 0.3 * wave(turns(2.0)))
                }
                Sound::Pluck => {
                    let decay = (-t * 9.0).exp();
                    (t * 400.0).min(1.0)
                        * decay
                        * (wave(turns(1.0)) + 0.5 * wave(turns(2.0)) + 0.3 * decay * wave(turns(3.0)))
                }
                Sound::Kick => {
                    let sweep = self.frequency * t + 9.0 * (1.0 - (-t * 28.0).exp()) / TAU;
                    (-t * 14.0).exp() * wave(sweep)
                }
                Sound::Boom => (-t * 3.2).exp() * wave(self.frequency * t + 1.2 * (1.0 - (-t * 18.0).exp())),
                Sound::Hat => (-t * 90.0).exp() * (self.hiss.unit() - self.hiss.unit()),
                Sound::Snare => {
                    (-t * 24.0).exp() * (0.5 * wave(self.frequency * t) + 1.2 * (self.hiss.unit() - 0.5))
                }
            };
            pair[0] += left * value;
            pair[1] += right * value;
        }
    }
}
