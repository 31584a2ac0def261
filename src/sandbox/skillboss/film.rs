//! The clips themselves: drawn at the sandbox's one table, or, for tests of hundreds of jobs, a plain card.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::SkillBoss;
use super::options::Clips;
use super::rows::{Job, Wish};

/// Ends a drawing that nobody waits for any more, as when the sandbox closes.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl SkillBoss {
    /// Makes the clip; the file's name below the half's folder.
    pub(super) async fn film(self: &Arc<Self>, job: &Job, wish: &Wish) -> Result<String, String> {
        let clips = self.options.clips;
        let name = if clips == Clips::Tiny {
            let sound = if wish.audio { "-sound" } else { "" };
            format!("clips/card-{}x{}-{}s{sound}.mp4", wish.width, wish.height, wish.seconds)
        } else {
            format!("clips/{}.mp4", job.id)
        };
        let out = self.folder.join(&name);
        if out.is_file() {
            return Ok(name);
        }
        let picture = self.first_frame(&job.id);
        let first = Some(picture.clone()).filter(|_| wish.first_frame);
        let (begins_with_picture, wish) = (wish.first_frame, wish.clone());
        let look = match clips {
            Clips::Drawn => Look::Drawn,
            Clips::Tiny => Look::Card(None),
            Clips::Tinted => Look::Card(Some(
                job.id.bytes().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))),
            )),
        };
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.0);
        let drawn = self.studio.draw(move || {
            if out.is_file() {
                return Ok(());
            }
            // Another attempt at the same file must not meet this one.
            let unfinished = out.with_extension(format!("{}.part", Uuid::new_v4().simple()));
            draw(&wish, first.as_deref(), look, &unfinished, &stopped)?;
            std::fs::rename(&unfinished, &out).map_err(|error| format!("sandbox: {error}"))
        });
        drawn.await?;
        if begins_with_picture {
            // It is in the clip now; a picture that stays behind does no harm.
            let _ = std::fs::remove_file(picture);
        }
        Ok(name)
    }

    /// Where the picture lies that a clip begins with.
    pub(super) fn first_frame(&self, id: &str) -> PathBuf {
        self.clips_folder().join(format!("{id}.frame"))
    }
}

/// What is drawn.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "studio"), expect(dead_code, reason = "nothing is drawn without the studio"))]
enum Look {
    /// A scene.
    Drawn,
    /// A card, perhaps with a tint of its own.
    Card(Option<u32>),
}

#[cfg(feature = "studio")]
fn draw(
    wish: &Wish,
    first: Option<&Path>,
    look: Look,
    out: &Path,
    cancelled: &AtomicBool,
) -> Result<(), String> {
    use crate::sandbox::render::{Canvas, Clip, Progress, card, clip};

    let progress = Progress { report: &|_| {}, cancelled };
    let canvas = |fps| Canvas { width: wish.width, height: wish.height, fps };
    let duration_ms = u64::from(wish.seconds) * 1000;
    let made = match look {
        Look::Card(tint) => card(canvas(1), duration_ms, wish.audio, tint, out, &progress),
        Look::Drawn => {
            let (prompt, sound) = (wish.prompt.as_str(), wish.audio);
            let wanted = Clip { prompt, duration_ms, canvas: canvas(24), caption: None, sound, first };
            clip(&wanted, out, &progress)
        }
    };
    made.map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(not(feature = "studio"))]
fn draw(
    _wish: &Wish,
    _first: Option<&Path>,
    _look: Look,
    _out: &Path,
    _cancelled: &AtomicBool,
) -> Result<(), String> {
    Err("sandbox: this program was built without its studio, so it cannot render".to_owned())
}
