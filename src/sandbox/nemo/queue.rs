//! The render node: one job at a time, from a bounded queue.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Nemo;
use super::paint::{Shape, paint};
use super::rows::{Doom, Made, RenderRow, RenderStatus};

/// How many renders may wait.
pub(super) const LENGTH: usize = 64;

/// A render takes at least this long, at pace 1, so that its progress can be seen.
const AT_LEAST_MS: u64 = 2500;

/// What is known about a render that this process works on.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// In hundredths of a percent.
    progress: AtomicU32,
    cancelled: AtomicBool,
}

type Lives = std::collections::HashMap<String, Arc<Live>>;

impl Nemo {
    pub(super) fn has_room(&self) -> bool {
        self.queue.capacity() > 0
    }

    /// Puts a render behind the others. A full queue leaves it pending until the next start.
    pub(super) fn enqueue(&self, id: &str) {
        self.lives().insert(id.to_owned(), Arc::default());
        if let Err(error) = self.queue.try_send(id.to_owned()) {
            tracing::warn!(%error, "the sandbox's render queue is full");
        }
    }

    pub(super) fn progress_of(&self, row: &RenderRow) -> f64 {
        match row.status {
            RenderStatus::Pending => 5.0,
            RenderStatus::Completed => 100.0,
            _ => {
                let live = self.lives().get(&row.id).map_or(0, |live| live.progress.load(Ordering::Relaxed));
                10.0 + f64::from(live) / 100.0 * 0.85
            }
        }
    }

    /// Cancels what is not finished, and says where the render stands then.
    pub(super) fn cancel_render(&self, id: &str) -> std::io::Result<RenderStatus> {
        if let Some(live) = self.lives().get(id) {
            live.cancelled.store(true, Ordering::Relaxed);
        }
        let now = self.clock.now_ms();
        let status = self.renders.change(id, |row| {
            if matches!(row.status, RenderStatus::Pending | RenderStatus::Processing) {
                row.status = RenderStatus::Cancelled;
                row.completed_at_ms = Some(now);
            }
            row.status
        })?;
        Ok(status.unwrap_or(RenderStatus::Cancelled))
    }

    pub(super) fn cancel_all(&self) {
        for live in self.lives().values() {
            live.cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn lives(&self) -> MutexGuard<'_, Lives> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, id: &str) -> std::io::Result<Option<RenderRow>> {
        let begun = self.renders.change(id, |row| {
            (row.status == RenderStatus::Pending).then(|| {
                row.status = RenderStatus::Processing;
                row.clone()
            })
        })?;
        Ok(begun.flatten())
    }

    fn finish(&self, id: &str, result: Result<Made, String>) -> std::io::Result<()> {
        let now = self.clock.now_ms();
        self.renders.change(id, |row| {
            if row.status != RenderStatus::Processing {
                return;
            }
            row.completed_at_ms = Some(now);
            match result {
                Ok(made) => (row.status, row.made) = (RenderStatus::Completed, Some(made)),
                Err(error) => (row.status, row.error) = (RenderStatus::Failed, Some(error)),
            }
        })?;
        self.lives().remove(id);
        Ok(())
    }
}

/// Renders one after the other until the sandbox closes.
pub(super) async fn work(nemo: Arc<Nemo>, mut jobs: mpsc::Receiver<String>) {
    loop {
        let id = tokio::select! {
            id = jobs.recv() => id,
            () = nemo.closing.cancelled() => None,
        };
        let Some(id) = id else {
            nemo.cancel_all();
            return;
        };
        match nemo.begin(&id) {
            Ok(Some(row)) => {
                if let Err(error) = one(&nemo, row).await {
                    tracing::error!(%error, "the sandbox could not keep the state of a render");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the sandbox could not begin a render"),
        }
    }
}

async fn one(nemo: &Arc<Nemo>, row: RenderRow) -> std::io::Result<()> {
    let live = nemo.lives().entry(row.id.clone()).or_default().clone();
    let began = Instant::now();
    let result = match &row.doom {
        Some(Doom::Stuck) => return Ok(()),
        Some(Doom::Fails(why)) => Err(why.clone()),
        None => {
            let shape = Shape::of(&row.draft, &row.output);
            let out = nemo.output_file(&row.id);
            let working = nemo.studio.draw({
                let (nemo, live, draft) = (Arc::clone(nemo), Arc::clone(&live), row.draft.clone());
                move || compose(&nemo, &draft, shape, &out, &live)
            });
            tokio::pin!(working);
            tokio::select! {
                done = &mut working => done,
                () = nemo.closing.cancelled() => {
                    // Left as processing: the next start on this folder begins it again.
                    live.cancelled.store(true, Ordering::Relaxed);
                    let _ = working.await;
                    return Ok(());
                }
            }
        }
    };
    linger(nemo, &live, began).await;
    if nemo.closing.is_cancelled() {
        return Ok(());
    }
    nemo.finish(&row.id, result)
}

/// Fills up the time that a render takes at least, with progress that rises.
async fn linger(nemo: &Nemo, live: &Live, began: Instant) {
    let least = nemo.options.pace.of_ms(AT_LEAST_MS);
    while let Some(left) = least.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        let done = began.elapsed().as_secs_f64() / least.as_secs_f64();
        live.progress.fetch_max((done * 10_000.0) as u32, Ordering::Relaxed);
        tokio::select! {
            () = tokio::time::sleep(left.min(Duration::from_millis(100))) => {}
            () = nemo.closing.cancelled() => return,
        }
    }
}

fn compose(nemo: &Nemo, draft: &Value, shape: Shape, out: &Path, live: &Live) -> Result<Made, String> {
    let assets = |link: &str| nemo.media_file(link);
    let report = |done: f32| {
        live.progress.fetch_max((f64::from(done.clamp(0.0, 1.0)) * 10_000.0) as u32, Ordering::Relaxed);
    };
    // Another attempt at the same file, of another process even, must not meet this one.
    let unfinished = out.with_extension(format!("{}.part", Uuid::new_v4().simple()));
    let made = paint(draft, &assets, shape, &unfinished, &report, &live.cancelled)?;
    std::fs::rename(&unfinished, out).map_err(|error| format!("sandbox: {error}"))?;
    Ok(made)
}

impl Nemo {
    /// Draws a generated clip by itself, once; `None` when no session knows it.
    pub(super) async fn generated_clip(self: &Arc<Self>, link: &str, out: &Path) -> Option<PathBuf> {
        if out.is_file() {
            return Some(out.to_path_buf());
        }
        let is_it = |media: &Value| media.get("url").and_then(Value::as_str) == Some(link);
        let session = self.sessions.find(|row| row.project.generated_media.iter().any(is_it))?;
        let media = session.project.generated_media.iter().find(|media| is_it(media))?.clone();
        let ms = media.get("duration").and_then(Value::as_f64).unwrap_or(10.0) * 1000.0;
        let (title, ms) = (media.get("prompt").cloned().unwrap_or_default(), ms.round() as u64);
        let details = json!({ "title": title, "prompt": title, "kind": "generated" });
        let draft = json!({
            "d": ms,
            "m": { "title": title, "width": media.get("width"), "height": media.get("height"), "fps": 30 },
            "t": [{ "tt": 0, "sg": [{ "id": "seg_v1", "s": 0, "d": ms, "m": details }] }],
        });
        let (nemo, out) = (Arc::clone(self), out.to_path_buf());
        let drawn = self.studio.draw(move || {
            let shape = Shape::of(&draft, &Value::Null);
            compose(&nemo, &draft, shape, &out, &Live::default()).map(|_| out)
        });
        match drawn.await {
            Ok(path) => Some(path),
            Err(why) => {
                tracing::error!(%why, "the sandbox could not draw a generated clip");
                None
            }
        }
    }
}
