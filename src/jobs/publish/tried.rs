//! What publishing would do, told without doing it.

use super::clip::Clip;
use super::taker;
use crate::app::App;
use crate::delivery::{Named, with_ending};
use crate::error::Result;
use crate::jobs::rehearsal;
use crate::jobs::report;
use crate::model::delivery::{Place, Posts, Timing};
use crate::model::report::JobReport;

/// Stands for the name of a job that is not there yet.
const A_JOB: &str = "{job}";

/// What would happen.
pub(super) fn tried(app: &App, clip: &Clip, place: Place, posts: &Posts) -> Result<JobReport> {
    let way = match place {
        Place::S3 => way_into_the_bucket(app, clip)?,
        Place::Folder => {
            "The clip would stay in its folder, and a make-believe address would be posted.".to_owned()
        }
    };
    let channels: Vec<_> = posts.channels.iter().map(ToString::to_string).collect();
    let when = match posts.timing {
        Timing::Draft => "as drafts, which appear only when a person sends them".to_owned(),
        Timing::Now => "to appear at once".to_owned(),
        Timing::Queue => "in the scheduler's next free slots".to_owned(),
        Timing::At(at_ms) => {
            format!("to appear at {}", jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default())
        }
    };
    let message = format!(
        "{}Tried only; nothing was sent. {way} Then {} would get {}: {}, {when}.",
        rehearsal::mark(clip.service),
        taker(posts.scheduler, clip.service),
        match channels.len() {
            1 => "1 post".to_owned(),
            several => format!("{several} posts"),
        },
        channels.join(", "),
    );
    let mut told = report::answer(clip.service.name(), &message, "Call publish without dry_run to do it.");
    told.job_id = clip.root.as_ref().map(|root| root.id.to_string()).unwrap_or_default();
    Ok(told)
}

/// Where the clip lies, or would.
fn way_into_the_bucket(app: &App, clip: &Clip) -> Result<String> {
    let store = app.store()?;
    let (root, path) = (clip.root.as_ref(), clip.end.final_path.clone().unwrap_or_default());
    let key = match &clip.end.stored {
        Some(stored) => stored.key.clone(),
        None => {
            let key = store.key(&Named {
                // A file gets its job when it is published.
                job: root.map_or(A_JOB, |root| root.id.as_str()),
                created_at_ms: root.map_or_else(|| app.now_ms(), |root| root.created_at_ms),
                name: &path.file_stem().unwrap_or_default().to_string_lossy(),
                service: clip.service.name(),
                rehearsal: clip.service.is_rehearsal(),
            });
            with_ending(key, clip.end.file.as_ref().map_or("", |file| file.mime.as_str()))
        }
    };
    let url = store.public_url(&key).map(String::from).unwrap_or_default();
    Ok(format!(
        "The clip {} the bucket {} as {key} ({}).",
        if clip.end.stored.is_some() { "lies in" } else { "would go into" },
        store.bucket(),
        // An address spells it in a way that nobody reads.
        url.replace("%7Bjob%7D", A_JOB)
    ))
}
