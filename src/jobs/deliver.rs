//! A rendered video becomes a file in its place: fetched beside it, checked, then renamed, never overwriting.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::jobs::advance::{Halt, Step, notes};
use crate::jobs::inspect;
use crate::jobs::paths;
use crate::jobs::render::RenderWork;
use crate::ledger::Change;
use crate::media::probe;
use crate::model::job::State;
use crate::model::report::FileReport;
use crate::model::request::Render;
use crate::nemo::render::RenderStatus;
use crate::net::staged::{self, Downloaded};

/// Fetches and places the file; done again from anywhere after a crash, with the same result.
pub(super) async fn step(step: &mut Step, render: &Render, mut work: RenderWork) -> Result<(), Halt> {
    if let (Some(path), Some(sha256)) = (&work.final_path, &work.sha256)
        && holds(path, sha256.clone()).await
    {
        // A crash came between the renaming and this row, perhaps before the part file's own name was gone.
        remove(&part_file(&render.output_path, step.job.id.as_str()));
        return done(step, render, work.clone(), path).await;
    }
    step.record(Change {
        state: Some(State::Delivering),
        note: Some("Downloading the video…".to_owned()),
        keep_lease: true,
        due_at_ms: step.in_a(Duration::ZERO),
        ..Change::default()
    })
    .await?;
    let part = part_file(&render.output_path, step.job.id.as_str());
    let downloaded = fetch(step, &work, &part).await?;
    work.sha256 = Some(downloaded.sha256);
    work.final_path = Some(paths::unused(&render.output_path));
    step.record(Change { work: notes(&work)?, keep_lease: true, ..Change::default() }).await?;
    let wanted = work.final_path.clone().unwrap_or_else(|| render.output_path.clone());
    let path = staged::publish(&part, &wanted)?;
    work.final_path = Some(path.clone());
    done(step, render, work, &path).await
}

async fn fetch(step: &Step, work: &RenderWork, part: &Path) -> Result<Downloaded, Halt> {
    let client = step.client().await?;
    let render_id = work.render_id.clone().unwrap_or_default();
    // The address is asked for again and written down nowhere: it may be signed, and a signature runs out.
    let url = match client.render_status(&render_id).await? {
        RenderStatus::Completed { url } => url,
        _ => None,
    };
    // Without one, the service's own route is taken.
    let fetched = step.unless_stopped(client.download(&render_id, url.as_ref(), part, &|_, _| {})).await?;
    fetched.map_err(|error| {
        if error.kind() != Kind::Storage {
            return Halt::Fault(error);
        }
        // On a full disk half a video helps nobody, and the whole one is still at the service.
        remove(part);
        let failed = Error::new(Kind::Storage, error.message()).because(error);
        Halt::Fault(failed.next("The timeline is kept. Free some space, then call export again: it is free."))
    })
}

/// Whether the file at `path` is the one with this sum.
pub(super) async fn holds(path: &Path, sha256: String) -> bool {
    let path = path.to_owned();
    let sum = tokio::task::spawn_blocking(move || staged::sha256_of(&path).ok());
    sum.await.ok().flatten().is_some_and(|sum| sum == sha256)
}

/// A part file that is no longer needed.
pub(super) fn remove(part: &Path) {
    match std::fs::remove_file(part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a part file was left behind");
        }
        _ => {}
    }
}

async fn done(step: &mut Step, render: &Render, mut work: RenderWork, path: &Path) -> Result<(), Halt> {
    work.file = Some(describe(path).await?);
    step.record(looking(notes(&work)?, step)).await?;
    work.seen = inspect::inspect(&step.app, path, &render.inspection, &step.stop).await;
    if work.seen.is_none() {
        return Err(Halt::Stop);
    }
    step.record(Change {
        state: Some(State::Done),
        work: notes(&work)?,
        note: Some("✅ Video ready!".to_owned()),
        progress_pct: Some(100.0),
        ..Change::default()
    })
    .await
}

/// The file is in its place, and is looked at.
pub(super) fn looking(work: Option<serde_json::Value>, step: &Step) -> Change {
    Change {
        state: Some(State::Delivering),
        work,
        note: Some("Looking at the video…".to_owned()),
        keep_lease: true,
        due_at_ms: step.in_a(Duration::ZERO),
        ..Change::default()
    }
}

/// A file as it is told: measured, not assumed.
pub(super) async fn describe(path: &Path) -> Result<FileReport> {
    let path = path.to_owned();
    let described = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::metadata(&path)
            .map_err(|error| Error::storage(format!("{} cannot be read.", path.display()), error))?
            .len();
        // What cannot be probed is still there; its measures are left out rather than guessed.
        let probe = probe::probe(&path).ok();
        Ok(FileReport {
            uri: url::Url::from_file_path(&path).map(String::from).unwrap_or_default(),
            path: path.display().to_string(),
            mime: "video/mp4".to_owned(),
            bytes,
            width: probe.as_ref().and_then(|probe| probe.width),
            height: probe.as_ref().and_then(|probe| probe.height),
            duration_s: probe.as_ref().and_then(|probe| probe.duration_s),
        })
    });
    described.await.map_err(|error| Error::internal("Measuring a file failed.").because(error))?
}

/// Beside the target, so that the renaming stays within one file system; hidden, so that nobody opens half a video.
pub(super) fn part_file(output: &Path, job_id: &str) -> PathBuf {
    let folder = output.parent().unwrap_or(Path::new("."));
    folder.join(format!(".{job_id}.part"))
}
