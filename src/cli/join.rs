//! `join`: clips become one MP4, copied where their coding agrees. Done on this machine, free.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use serde::Serialize;

use super::follow::interrupted;
use super::progress::Progress;
use super::{Exit, Shell};
use crate::error::{Error, Kind, Result};
use crate::jobs::paths;

#[derive(Args, Debug)]
pub(super) struct Join {
    /// The clips, in order: MP4 or MOV with H.264; with --ffmpeg whatever that reads
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Where the video goes: a file, or a folder. Nothing is overwritten, a number is added
    #[arg(long, short, value_name = "PATH", required = true)]
    output: String,
    /// Use the installed ffmpeg for what cannot be copied
    #[arg(long)]
    ffmpeg: bool,
}

/// What became of the clips.
#[derive(Serialize)]
struct Told {
    path: String,
    bytes: u64,
    duration_s: f64,
    /// One per clip, in order.
    parts: Vec<Part>,
    sound_reencoded: bool,
}

#[derive(Serialize)]
struct Part {
    path: String,
    /// copied, reencoded or ffmpeg.
    how: &'static str,
}

impl Join {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let (config, caller) = (shell.app.config(), &shell.caller);
        let files = self.files.iter().map(|file| paths::readable_file(config, caller, file));
        let files = files.collect::<Result<Vec<_>>>()?;
        let folder = paths::folder_of(config, caller, &self.output)?;
        let is_new = !folder.exists();
        let output =
            paths::output_file(config, caller, Some(&self.output), "joined clips", shell.app.now_ms())?;
        let asked_for = config.ffmpeg.clone().or_else(|| self.ffmpeg.then(|| PathBuf::from("ffmpeg")));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let progress = Progress::start(shell.out, "Joining…");
        let work = {
            let files = files.clone();
            tokio::task::spawn_blocking(move || join(&files, &output, asked_for.as_deref(), stopped))
        };
        tokio::pin!(work);
        let ended = tokio::select! {
            ended = &mut work => ended,
            () = interrupted() => {
                stop.store(true, Ordering::Relaxed);
                work.await
            }
        };
        progress.end();
        let told = ended.map_err(|error| Error::internal("Joining ended early.").because(error))??;
        if is_new {
            shell.out.note(&format!("The folder {} was not there; it was made.", folder.display()));
        }
        shell.out.result(&told, || text(&told))?;
        Ok(0)
    }
}

#[cfg(feature = "studio")]
fn join(files: &[PathBuf], output: &Path, program: Option<&Path>, stopped: Arc<AtomicBool>) -> Result<Told> {
    use std::time::Instant;

    use crate::media::{self, Limits, ffmpeg::Ffmpeg, join};
    use crate::net::staged;

    let ffmpeg = program.map(Ffmpeg::find).transpose().map_err(|error| {
        Error::new(Kind::Config, format!("{error}."))
            .next("Install ffmpeg, name it in FIRSTCUT_FFMPEG, or join without it.")
    })?;
    let (stop, patience) = (stopped.clone(), join::patience(files));
    let end = Instant::now() + patience;
    let over = move || stop.load(Ordering::Relaxed) || Instant::now() >= end;
    let limits = Limits { stop: Some(Arc::new(over)), ..Limits::default() };
    for file in files.iter().filter(|_| ffmpeg.is_none()) {
        let found = media::probe::probe_within(file, &limits).map_err(|error| error.about(file))?;
        if found.video_codec.is_none() {
            return Err(Error::new(
                Kind::UnsupportedFile,
                format!("{} holds no moving pictures.", file.display()),
            )
            .next("Name MP4 files; firstcut probe says what a file is."));
        }
    }
    // Under its own name only when it is whole.
    let mut part = std::ffi::OsString::from(".");
    part.push(output.file_name().unwrap_or_default());
    part.push(format!(".{}.part", std::process::id()));
    let part = output.with_file_name(part);
    let joined =
        join::join_with(files, &part, ffmpeg.as_ref(), &limits).map_err(|fault| match fault.error {
            media::Error::Stopped if stopped.load(Ordering::Relaxed) => {
                Error::new(Kind::Cancelled, "The joining was stopped; nothing is left of it.")
            }
            media::Error::Stopped => {
                let minutes = patience.as_secs() / 60;
                let what = format!(
                    "Joining took longer than {minutes} minutes, so it was given up; nothing is left of it."
                );
                Error::new(Kind::TimedOut, what)
                    .next("Look at each clip with firstcut probe --check; leave out what is odd.")
            }
            error => {
                let way = if ffmpeg.is_none() { " With --ffmpeg an installed ffmpeg is tried." } else { "" };
                // Where no clip is to blame alone, none is named.
                let (said, clip) = (format!("{error}."), fault.segment.and_then(|number| files.get(number)));
                let told = error.about(clip.map_or(output, PathBuf::as_path));
                let said = if clip.is_some() { told.message() } else { &said };
                Error::new(told.kind(), format!("The clips cannot be joined: {said}"))
                    .next(format!("Look at each with firstcut probe.{way}"))
            }
        })?;
    let path = staged::publish(&part, output)?;
    let parts = files.iter().enumerate().map(|(number, file)| Part {
        path: file.display().to_string(),
        how: match (joined.by_ffmpeg.contains(&number), joined.reencoded.contains(&number)) {
            (true, _) => "ffmpeg",
            (false, true) => "reencoded",
            (false, false) => "copied",
        },
    });
    Ok(Told {
        path: path.display().to_string(),
        bytes: joined.bytes,
        duration_s: joined.duration_s,
        parts: parts.collect(),
        sound_reencoded: joined.sound_reencoded,
    })
}

#[cfg(not(feature = "studio"))]
fn join(_: &[PathBuf], _: &Path, _: Option<&Path>, _: Arc<AtomicBool>) -> Result<Told> {
    Err(Error::new(Kind::Config, "This build has no codecs (feature studio is off), so it joins nothing.")
        .next("Use a build with the feature studio."))
}

fn text(told: &Told) -> String {
    let anew: Vec<_> = told.parts.iter().filter(|part| part.how != "copied").collect();
    let mut text = format!(
        "Joined {}: {}  ({:.1} s, {})",
        if told.parts.len() == 1 { "1 clip".to_owned() } else { format!("{} clips", told.parts.len()) },
        told.path,
        told.duration_s,
        super::text::size(told.bytes)
    );
    for part in &anew {
        let by = if part.how == "ffmpeg" { "by ffmpeg" } else { "here" };
        text.push_str(&format!("\nEncoded anew {by}, because it differs: {}", part.path));
    }
    if anew.is_empty() {
        text.push_str("\nAll pictures were copied as they are.");
    }
    if told.sound_reencoded {
        text.push_str("\nThe sound was encoded anew, because it differs or some clips have none.");
    }
    text
}
