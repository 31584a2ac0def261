//! The encoder against x264 ultrafast on one thread: speed and size at the same quality.

use std::io::Write;
use std::path::Path;

use firstcut::media::Limits;
use firstcut::media::decode::Decoder;
use firstcut::media::encode::Encoder;
use firstcut::media::frame::Frame;
use firstcut::media::mp4::entry;
use firstcut::media::mp4::write::{Sample, Track, TrackKind, Writer};

use crate::clips::Clips;
use crate::measure::{Bar, Board, Cost, ffmpeg, timed};

/// Pictures that are encoded: two seconds.
const FRAMES: usize = 60;

pub(crate) fn compare(clips: &Clips, board: &mut Board) {
    for (name, grain) in [("smooth", false), ("grainy", true)] {
        let frames = clips.frames(FRAMES, grain);
        let raw = clips.path("frames.yuv");
        let mut file = std::io::BufWriter::new(std::fs::File::create(&raw).unwrap());
        for frame in &frames {
            for plane in [&frame.y, &frame.u, &frame.v] {
                file.write_all(plane).unwrap();
            }
        }
        drop(file);
        let ours = clips.path("ours.mp4");
        let mut our_cost = encode(&frames, &ours);
        let our_db = psnr(&frames, &ours);
        // The quality of x264 that is nearest to ours.
        let theirs = clips.path("x264.mp4");
        let (mut low, mut high) = (10u32, 40u32);
        while low < high {
            let crf = (low + high).div_ceil(2);
            x264(&raw, &theirs, crf);
            if psnr(&frames, &theirs) >= our_db { low = crf } else { high = crf - 1 }
        }
        let mut their_cost = x264(&raw, &theirs, low);
        for _ in 0..3 {
            our_cost = our_cost.best(encode(&frames, &ours));
            their_cost = their_cost.best(x264(&raw, &theirs, low));
        }
        let size = |path: &Path| std::fs::metadata(path).unwrap().len() as f64;
        let (speed, weight) = (their_cost.cpu_s / our_cost.cpu_s, size(&ours) / size(&theirs));
        board.add(
            format!("encoder, {name}: speed of x264 ultrafast at equal PSNR"),
            speed,
            Bar::AtLeast(0.6),
        );
        board.add(format!("encoder, {name}: size of the file"), weight, Bar::AtMost(1.0));
        println!(
            "encoder, {name} 1080x1920: {speed:.2} times the speed of x264 ultrafast, {weight:.2} times its size \
             – ours {:.0} fps at {our_db:.2} dB, theirs {:.0} fps at {:.2} dB (crf {low})",
            FRAMES as f64 / our_cost.cpu_s,
            FRAMES as f64 / their_cost.cpu_s,
            psnr(&frames, &theirs),
        );
    }
}

fn encode(frames: &[Frame], out: &Path) -> Cost {
    timed(|| {
        let first = frames.first().unwrap();
        let (width, height) = (first.width as u32, first.height as u32);
        let mut encoder = Encoder::new(width, height, 30).unwrap();
        let file =
            std::fs::File::options().read(true).write(true).create(true).truncate(true).open(out).unwrap();
        let mut writer = Writer::new(file, frames.len()).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            let unit = encoder.encode(frame).unwrap();
            if number == 0 {
                let entry = entry::avc1(width, height, encoder.avcc().unwrap());
                let kind = TrackKind::Video { width, height };
                writer.track(Track { kind, timescale: 30_000, entry, skip: 0, play: None });
            }
            writer
                .sample(0, Sample { data: &unit.data, duration: 1000, offset: 0, sync: unit.keyframe })
                .unwrap();
        }
        writer.finish().unwrap();
    })
}

fn x264(raw: &Path, out: &Path, crf: u32) -> Cost {
    ffmpeg(
        &[
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-s",
            "1080x1920",
            "-r",
            "30",
            "-i",
            raw.to_str().unwrap(),
        ],
        &[
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "60",
            "-crf",
            &crf.to_string(),
            "-threads",
            "1",
            out.to_str().unwrap(),
        ],
    )
}

/// Of luma over all pictures.
fn psnr(frames: &[Frame], coded: &Path) -> f64 {
    let mut decoder = Decoder::open(coded, &Limits::default()).unwrap();
    let (mut error, mut count) = (0f64, 0f64);
    for frame in frames {
        let shown = decoder.next_frame().unwrap().unwrap().frame;
        let squares: u64 = frame.y.iter().zip(&shown.y).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
        error += squares as f64;
        count += frame.y.len() as f64;
    }
    10.0 * (255.0 * 255.0 * count / error.max(1.0)).log10()
}
