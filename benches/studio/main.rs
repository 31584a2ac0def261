//! The studio beside an installed ffmpeg, doing the same in one run on one machine: ratios, not times.
//!
//! `cargo bench --bench studio [sheet|render|compose|encoder|join …]`. Each pair runs in turns, several times, and the
//! best of each counts, because other work on the machine only ever adds. CPU time is that of all threads (Linux).
//! At the end all figures stand beside their bars. Without ffmpeg only what needs none is measured, and that is said.
//! Nothing here fails: the figures are for people, and on a busy machine the clock says little.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a measurement may stop at what it did not expect"
)]

mod clips;
mod encoder;
mod measure;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use firstcut::media::Limits;
use firstcut::media::join::join;
use firstcut::media::sheet::{SheetOptions, sheet};
use firstcut::sandbox::render::{Canvas, Clip, Progress, clip, compose};
use serde_json::json;

use clips::Clips;
use measure::{Bar, Board, Cost, beside, ffmpeg, most_held_mib, run, silent, timed};

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [child, out] = words.as_slice()
        && child == "--render"
    {
        return render_child(Path::new(out));
    }
    let all = ["sheet", "render", "compose", "encoder", "join"].map(str::to_owned);
    if words.is_empty() {
        words.extend(all);
    }
    let folder = tempfile::tempdir().unwrap();
    let has_ffmpeg = run(silent(&["-version"])).is_some();
    if !has_ffmpeg {
        println!("ffmpeg is not installed: only the render is measured.");
    }
    let clips = Clips::new(folder.path().to_owned());
    let mut board = Board::default();
    for word in &words {
        match word.as_str() {
            "render" => render(&clips, &mut board),
            "sheet" if has_ffmpeg => sheets(&clips, &mut board),
            "compose" if has_ffmpeg => composing(&clips, &mut board),
            "encoder" if has_ffmpeg => encoder::compare(&clips, &mut board),
            "join" if has_ffmpeg => joining(&clips, &mut board),
            "sheet" | "compose" | "encoder" | "join" => println!("{word}: skipped, there is no ffmpeg"),
            other => println!("{other}: there is no such measurement"),
        }
    }
    board.print();
}

/// Nine frames of ten seconds, against one pass through ffmpeg's tile filter, each on one thread.
fn sheets(clips: &Clips, board: &mut Board) {
    for (name, file) in [("sheet, 1080p light", clips.light()), ("sheet, 1080x1920 8 Mb/s", clips.heavy())] {
        let out = clips.path("tile.jpg");
        let filter = "select='not(mod(n\\,37))',scale=330:-2,tile=3x3:padding=4:margin=4";
        let theirs = || {
            ffmpeg(
                &["-threads", "1", "-i", file.to_str().unwrap(), "-vf", filter, "-filter_threads", "1"],
                &["-frames:v", "1", "-q:v", "3", out.to_str().unwrap()],
            )
        };
        let ours = || {
            timed(|| {
                let made = sheet(&file, &SheetOptions::default(), &Limits::default()).unwrap();
                assert_eq!(made.shots.len(), 9);
            })
        };
        board.ratio(name, beside(name, 5, ours, theirs), Bar::AtMost(1.2));
    }
}

/// The sandbox's own film: how much faster than life, and how much memory.
fn render(clips: &Clips, board: &mut Board) {
    let out = clips.path("film.mp4");
    let (mut best, mut memory) = (None::<Cost>, 0.0f64);
    for _ in 0..3 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.arg("--render").arg(&out).output().unwrap();
        let told: Vec<f64> = String::from_utf8(output.stdout)
            .unwrap()
            .split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect();
        let cost = Cost { wall_s: told[0], cpu_s: told[1] };
        best = Some(best.map_or(cost, |other| other.best(cost)));
        memory = memory.max(told[2]);
    }
    let best = best.unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "render 10 s of 1080x1920@30 on {threads} threads: {:.2} s by the clock, {:.2} s CPU, {memory:.0} MiB",
        best.wall_s, best.cpu_s
    );
    board.add("render 10 s: times real time, by the clock", 10.0 / best.wall_s, Bar::AtLeast(1.7));
    // Both threads carry the same load, so this is what two free cores do.
    board.add("render 10 s: times real time, by CPU time on two cores", 20.0 / best.cpu_s, Bar::AtLeast(1.7));
    board.add("render 10 s: memory, MiB", memory, Bar::AtMost(150.0));
}

/// In a process of its own, so that its memory can be told.
fn render_child(out: &Path) {
    let cancelled = AtomicBool::new(false);
    let progress = Progress { report: &|_| {}, cancelled: &cancelled };
    let canvas = Canvas { width: 1080, height: 1920, fps: 30 };
    let prompt = "a sunset over the ocean with birds";
    let shot = Clip {
        prompt,
        duration_ms: 10_000,
        canvas,
        caption: Some("A quiet evening"),
        sound: true,
        first: None,
    };
    let cost = timed(|| {
        clip(&shot, out, &progress).unwrap();
    });
    println!("{} {} {}", cost.wall_s, cost.cpu_s, most_held_mib());
}

/// A draft: a lying clip on a standing canvas before a blurred copy of itself, a logo, words, two sounds.
fn composing(clips: &Clips, board: &mut Board) {
    let (file, logo, bed) = (clips.light(), clips.logo(), clips.bed());
    let find = |name: &str| -> Option<PathBuf> { Some(clips.path(name)).filter(|path| path.is_file()) };
    let segment = |url: &Path, volume: f64| json!({"s": 0, "d": 10_000, "m": {"url": url.file_name().unwrap().to_str().unwrap(), "volume": volume, "scale": 0.2}});
    let words = json!({"s": 0, "d": 10_000, "m": {"text": "Ten seconds of the sea", "position": "bottom"}});
    let draft = json!({"t": [
        {"tt": 0, "sg": [segment(&file, 0.6)]},
        {"tt": 0, "sg": [segment(&logo, 0.0)]},
        {"tt": 1, "sg": [segment(&bed, 0.8)]},
        {"tt": 7, "sg": [words]},
    ]});
    let canvas = Canvas { width: 1080, height: 1920, fps: 30 };
    let out = clips.path("composed.mp4");
    let ours = || {
        timed(|| {
            let cancelled = AtomicBool::new(false);
            let progress = Progress { report: &|_| {}, cancelled: &cancelled };
            compose(&draft, &find, canvas, &out, &progress).unwrap();
        })
    };
    let font = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/render/fonts/latin.ttf");
    let graph = format!(
        "[0:v]split[a][b];[a]crop=608:1080,scale=45:80:flags=area,lutyuv=y=val*0.55+7,scale=1080:1920:flags=bilinear[back];\
         [b]scale=1080:608:flags=bilinear[front];[back][front]overlay=0:656[one];[1:v]scale=216:-2[logo];\
         [one][logo]overlay=820:60[two];[two]drawtext=fontfile={font}:text='Ten seconds of the sea':fontsize=64:\
         fontcolor=white:shadowx=3:shadowy=3:x=(w-tw)/2:y=h-260[v];\
         [0:a]volume=0.6[x];[2:a]volume=0.8[y];[x][y]amix=inputs=2:duration=first:normalize=0[s]"
    );
    let theirs_out = clips.path("theirs.mp4");
    let theirs = || {
        ffmpeg(
            &[
                "-i",
                file.to_str().unwrap(),
                "-loop",
                "1",
                "-framerate",
                "30",
                "-i",
                logo.to_str().unwrap(),
                "-i",
                bed.to_str().unwrap(),
            ],
            &[
                "-filter_complex",
                &graph,
                "-map",
                "[v]",
                "-map",
                "[s]",
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-crf",
                "26",
                "-threads",
                "2",
                "-c:a",
                "aac",
                "-b:a",
                "160k",
                "-t",
                "10",
                "-movflags",
                "+faststart",
                theirs_out.to_str().unwrap(),
            ],
        )
    };
    let name = "compose a draft, 10 s 1080x1920@30";
    board.ratio(name, beside(name, 4, ours, theirs), Bar::AtMost(1.8));
    let size = |path: &Path| std::fs::metadata(path).unwrap().len() as f64 / 1e6;
    println!("    files: ours {:.2} MB, theirs {:.2} MB", size(&out), size(&theirs_out));
}

/// Four clips into one by remuxing, against copying the same bytes, and ffmpeg's own way.
fn joining(clips: &Clips, board: &mut Board) {
    let file = clips.bulky();
    let segments = vec![file.clone(); 4];
    let bytes = std::fs::metadata(&file).unwrap().len() * 4;
    let list = clips.path("list.txt");
    std::fs::write(&list, format!("file '{}'\n", file.display()).repeat(4)).unwrap();
    let (out, theirs_out) = (clips.path("joined.mp4"), clips.path("theirs-joined.mp4"));
    let ours = || {
        let _ = std::fs::remove_file(&out);
        timed(|| {
            let joined = join(&segments, &out, &Limits::default()).unwrap();
            assert!(joined.reencoded.is_empty() && !joined.sound_reencoded);
        })
    };
    let theirs = || {
        ffmpeg(
            &["-f", "concat", "-safe", "0", "-i", list.to_str().unwrap()],
            &["-c", "copy", "-movflags", "+faststart", theirs_out.to_str().unwrap()],
        )
    };
    println!("join of {} MB by remuxing:", bytes / 1_000_000);
    board.ratio(
        "join, of ffmpeg's concat",
        beside("    against ffmpeg's concat", 4, ours, theirs),
        Bar::AtMost(1.0),
    );
    let copy = clips.path("copy.mp4");
    let copying = || {
        timed(|| {
            // Read and written as bytes; the kernel's own copy may only share blocks.
            let mut to = std::fs::File::create(&copy).unwrap();
            for segment in &segments {
                let mut buffer = vec![0; 1 << 20];
                let mut from = std::fs::File::open(segment).unwrap();
                while let Ok(read @ 1..) = std::io::Read::read(&mut from, &mut buffer) {
                    std::io::Write::write_all(&mut to, &buffer[..read]).unwrap();
                }
            }
        })
    };
    let (ours, copying) = beside("    against reading and writing the same bytes", 4, ours, copying);
    // Half as long again is still the speed of the disk.
    board.add(
        "join, of reading and writing the bytes, by the clock",
        ours.wall_s / copying.wall_s,
        Bar::AtMost(1.5),
    );
}
