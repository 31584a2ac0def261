//! What is measured on: ten seconds that the sandbox draws, coded by x264 as services deliver them.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use firstcut::media::Limits;
use firstcut::media::decode::Decoder;
use firstcut::media::frame::Frame;
use firstcut::sandbox::render::{Canvas, Clip, Progress, clip};

use crate::measure::{run, silent};

/// The folder of this run; each file is made when it is first wanted.
pub(crate) struct Clips {
    folder: PathBuf,
}

impl Clips {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn once(&self, name: &str, make: impl FnOnce(&Path)) -> PathBuf {
        let path = self.path(name);
        if !path.exists() {
            make(&path);
        }
        path
    }

    /// Drawn by the sandbox.
    fn drawn(&self, name: &str, width: u32, height: u32) -> PathBuf {
        self.once(name, |path| {
            let cancelled = AtomicBool::new(false);
            let progress = Progress { report: &|_| {}, cancelled: &cancelled };
            let canvas = Canvas { width, height, fps: 30 };
            let prompt = "a sunset over the ocean with birds";
            let shot = Clip { prompt, duration_ms: 10_000, canvas, caption: None, sound: true, first: None };
            clip(&shot, path, &progress).unwrap();
        })
    }

    /// The same through x264: three B-frames, High, CABAC, a keyframe every 250 frames.
    fn coded(&self, name: &str, drawn: &Path, more: &[&str]) -> PathBuf {
        self.once(name, |path| {
            let filmed = ["-i", drawn.to_str().unwrap(), "-c:a", "copy"];
            let coded =
                ["-c:v", "libx264", "-preset", "medium", "-bf", "3", "-g", "250", "-movflags", "+faststart"];
            run(silent(&[&filmed[..], &coded, more, &[path.to_str().unwrap()]].concat())).unwrap();
        })
    }

    /// 1920x1080, smooth.
    pub(crate) fn light(&self) -> PathBuf {
        let drawn = self.drawn("wide.mp4", 1920, 1080);
        self.coded("light.mp4", &drawn, &["-crf", "23"])
    }

    /// 1080x1920 with the grain of a camera at 8 Mb/s.
    pub(crate) fn heavy(&self) -> PathBuf {
        let drawn = self.drawn("tall.mp4", 1080, 1920);
        self.coded("heavy.mp4", &drawn, &["-vf", "noise=alls=8:allf=t", "-b:v", "8M"])
    }

    /// Fifty megabytes or so.
    pub(crate) fn bulky(&self) -> PathBuf {
        let drawn = self.drawn("wide.mp4", 1920, 1080);
        self.coded(
            "bulky.mp4",
            &drawn,
            &["-vf", "noise=alls=20:allf=t", "-b:v", "45M", "-preset", "ultrafast"],
        )
    }

    /// A logo with transparency.
    pub(crate) fn logo(&self) -> PathBuf {
        self.once("logo.png", |path| {
            let source =
                "color=c=red@0.0:s=400x200,format=rgba,drawbox=x=20:y=20:w=360:h=160:color=white@0.8:t=fill";
            run(silent(&["-f", "lavfi", "-i", source, "-frames:v", "1", path.to_str().unwrap()])).unwrap();
        })
    }

    /// Ten seconds of music in PCM.
    pub(crate) fn bed(&self) -> PathBuf {
        self.once("bed.wav", |path| {
            let source = "sine=frequency=220:sample_rate=48000:duration=10";
            run(silent(&["-f", "lavfi", "-i", source, "-ac", "2", path.to_str().unwrap()])).unwrap();
        })
    }

    /// Pictures as an encoder gets them: those of the drawn clip, with moving grain if wanted.
    pub(crate) fn frames(&self, count: usize, grain: bool) -> Vec<Frame> {
        let mut decoder = Decoder::open(&self.drawn("tall.mp4", 1080, 1920), &Limits::default()).unwrap();
        let mut dice = 0x2545_f491_4f6c_dd1du64;
        let mut frames = Vec::with_capacity(count);
        while let Some(shown) = decoder.next_frame().unwrap() {
            let mut frame = shown.frame;
            if grain {
                for y in &mut frame.y {
                    dice ^= dice << 13;
                    dice ^= dice >> 7;
                    dice ^= dice << 17;
                    // The sum of two dice: mostly small steps, as of a sensor.
                    let step = (dice & 3) as i16 + (dice >> 8 & 3) as i16 - 3;
                    *y = (i16::from(*y) + step).clamp(16, 235) as u8;
                }
            }
            frames.push(frame);
            if frames.len() == count {
                break;
            }
        }
        frames
    }
}
