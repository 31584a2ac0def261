//! Draws what a prompt describes, or composes a draft, and writes an MP4, without any service:
//!
//! `cargo run --release --example draw_scene -- "a sunset over the ocean" sunset.mp4 [seconds] [WIDTHxHEIGHT] [fps]`
//! `cargo run --release --example draw_scene -- draft.json video.mp4`
//!
//! Sources in a draft are paths from the current folder.

#![allow(clippy::print_stderr)] // an example talks on the terminal

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use firstcut::sandbox::render::{Canvas, Clip, Progress, clip, compose};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let what = args
        .next()
        .ok_or("give a prompt or a draft.json, and optionally: file, seconds, WIDTHxHEIGHT, fps")?;
    let out = PathBuf::from(args.next().unwrap_or_else(|| "scene.mp4".into()));
    let seconds: f64 = args.next().unwrap_or_else(|| "10".into()).parse()?;
    let size = args.next().unwrap_or_else(|| "1920x1080".into());
    let (width, height) = size.split_once('x').ok_or("the size looks like 1920x1080")?;
    let fps = args.next().unwrap_or_else(|| "30".into()).parse()?;
    let canvas = Canvas { width: width.parse()?, height: height.parse()?, fps };

    let cancelled = AtomicBool::new(false);
    let progress = Progress { report: &|_| {}, cancelled: &cancelled };
    let made = if what.ends_with(".json") {
        let draft = serde_json::from_slice(&std::fs::read(&what)?)?;
        let here = |source: &str| Some(Path::new(source).to_owned()).filter(|path| path.is_file());
        compose(&draft, &here, canvas, &out, &progress)?
    } else {
        let duration_ms = (seconds * 1000.0) as u64;
        clip(
            &Clip { prompt: &what, duration_ms, canvas, caption: Some(&what), sound: true, first: None },
            &out,
            &progress,
        )?
    };
    for note in &made.notes {
        eprintln!("note: {note}");
    }
    eprintln!(
        "{}: {}x{}, {} ms, {} bytes",
        out.display(),
        made.width,
        made.height,
        made.duration_ms,
        made.bytes
    );
    Ok(())
}
