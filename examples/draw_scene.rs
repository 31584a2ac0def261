//! Draws what a prompt describes and writes it as an MP4, without any service:
//! `cargo run --release --example draw_scene -- "a sunset over the ocean" sunset.mp4 [seconds] [WIDTHxHEIGHT] [fps]`

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use firstcut::sandbox::render::{Canvas, Clip, Progress, clip};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let prompt = args.next().ok_or("give a prompt, and optionally: file, seconds, WIDTHxHEIGHT, fps")?;
    let out = PathBuf::from(args.next().unwrap_or_else(|| "scene.mp4".into()));
    let seconds: f64 = args.next().unwrap_or_else(|| "10".into()).parse()?;
    let size = args.next().unwrap_or_else(|| "1920x1080".into());
    let (width, height) = size.split_once('x').ok_or("the size looks like 1920x1080")?;
    let fps = args.next().unwrap_or_else(|| "30".into()).parse()?;
    let canvas = Canvas { width: width.parse()?, height: height.parse()?, fps };
    let shot = Clip {
        prompt: &prompt,
        duration_ms: (seconds * 1000.0) as u64,
        canvas,
        caption: Some(&prompt),
        sound: true,
    };
    let cancelled = AtomicBool::new(false);
    let made = clip(&shot, &out, &Progress { report: &|_| {}, cancelled: &cancelled })?;
    eprintln!("{}: {}x{}, {} ms, {} bytes", out.display(), made.width, made.height, made.duration_ms, made.bytes);
    Ok(())
}
