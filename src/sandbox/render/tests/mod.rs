//! Whole files: rendered small, then read back with the project's own readers.

mod clips;
mod drafts;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use serde_json::{Value, json};

use super::*;
use crate::media::Limits;
use crate::media::decode::Decoder;
use crate::media::frame::{Frame, Yuv};
use crate::media::probe::probe;

const SMALL: Canvas = Canvas { width: 160, height: 90, fps: 10 };

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn clip(&self, name: &str, prompt: &str, canvas: Canvas, sound: bool) -> Rendered {
        let shot = Clip { prompt, duration_ms: 1000, canvas, caption: Some(prompt), sound, first: None };
        clip(&shot, &self.path(name), &quiet(&AtomicBool::new(false))).unwrap()
    }

    /// Composes a draft whose sources are files of this bench.
    fn compose(&self, draft: &Value, canvas: Canvas) -> Result<Rendered, Error> {
        let find = |source: &str| Some(self.path(source)).filter(|path| path.is_file());
        compose(draft, &find, canvas, &self.path("out.mp4"), &quiet(&AtomicBool::new(false)))
    }

    /// The pictures of a file.
    fn pictures(&self, name: &str) -> Vec<Frame> {
        let mut decoder = Decoder::open(&self.path(name), &Limits::default()).unwrap();
        std::iter::from_fn(|| decoder.next_frame().unwrap()).map(|timed| timed.frame).collect()
    }

    /// A picture in one colour.
    fn png(&self, name: &str, width: u32, height: u32, rgba: [u8; 4]) {
        let mut encoder = png::Encoder::new(fs::File::create(self.path(name)).unwrap(), width, height);
        encoder.set_color(png::ColorType::Rgba);
        let pixels = rgba.repeat((width * height) as usize);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }

    /// A tone of 500 Hz in 16-bit stereo.
    fn wav(&self, name: &str, rate: u32, seconds: f32) {
        let count = (rate as f32 * seconds) as u32;
        let mut bytes = [b"RIFF".as_slice(), &(36 + count * 4).to_le_bytes(), b"WAVEfmt "].concat();
        bytes.extend([16u32.to_le_bytes(), 0x0002_0001u32.to_le_bytes()].concat());
        bytes.extend([rate.to_le_bytes(), (rate * 4).to_le_bytes(), 0x0010_0004u32.to_le_bytes()].concat());
        bytes.extend([b"data".as_slice(), &(count * 4).to_le_bytes()].concat());
        for at in 0..count {
            let value =
                (0.5 * (at as f32 * 500.0 * std::f32::consts::TAU / rate as f32).sin() * 32_767.0) as i16;
            bytes.extend([value.to_le_bytes(), value.to_le_bytes()].concat());
        }
        fs::write(self.path(name), bytes).unwrap();
    }
}

fn quiet(cancelled: &AtomicBool) -> Progress<'_> {
    Progress { report: &|_| {}, cancelled }
}

/// The colour in the middle of the left half, where neither captions nor the mark stand.
fn colour(frame: &Frame) -> [u8; 3] {
    let (x, y) = (frame.width / 4, frame.height / 4);
    let chroma = y / 2 * (frame.width / 2) + x / 2;
    let (y, u, v) = (frame.y[y * frame.width + x], frame.u[chroma], frame.v[chroma]);
    Yuv { y: y.into(), u: u.into(), v: v.into() }.to_rgb()
}

fn close(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= 14)
}

/// Length of the sound, from the edit list that hides the encoder's delay.
fn heard_ms(path: &Path) -> u64 {
    let bytes = fs::read(path).unwrap();
    let lists: Vec<usize> = (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == b"elst").collect();
    let sound = lists[1] + 12;
    let played = u64::from_be_bytes(bytes[sound..sound + 8].try_into().unwrap());
    let packets = bytes.windows(4).filter(|four| four == b"stts").count();
    assert_eq!(packets, 2);
    let stts = (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == b"stts").nth(1).unwrap() + 12;
    let packets = u32::from_be_bytes(bytes[stts..stts + 4].try_into().unwrap());
    assert!(u64::from(packets) * 1024 >= played + 1024, "the samples are really there");
    played / 48
}

fn slide(source: &str, start_ms: u64, duration_ms: u64) -> Value {
    json!({"s": start_ms, "d": duration_ms, "m": {"url": source}})
}
