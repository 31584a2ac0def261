//! Posts of finished clips, and the way of a file into the bucket afterwards.
//!
//! A post is a job like any other: its row exists before anything leaves, an attempt is written down before each message,
//! and what may have arrived is never sent again before it is known that it did not.

mod again;
mod ask;
mod clip;
mod doubt;
mod footage;
mod handover;
mod plan;
mod post;
mod settle;
pub(super) mod told;
mod tried;

use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::deliver::{End, root_of};
use crate::jobs::engine::step::{Halt, Step};
use crate::ledger::{Ledger, NewJob};
use crate::model::delivery::{Posts, Scheduler};
use crate::model::job::{EpochMs, Job, JobId, Service, State};
use crate::model::request::{Post, Request};
use crate::social::channels;

pub(super) use again::{again, is_undelivered};
pub(super) use ask::refuse_later_wish;
pub use ask::{Asked, Published, publish};
pub(super) use doubt::{after_panic, out_of_sight};
pub(super) use handover::step as handover;
pub use plan::set_up;
pub(super) use plan::{delivery, foresee, lacking, planned};
pub(super) use post::step;
pub(super) use settle::{adopt_post, drop_post};

/// The longest title of a post (`YouTube` Data API, `snippet.title`).
const TITLE_CHARS: usize = 100;

/// Whether the clip of a job is still on its way into the bucket afterwards, or a post of it to a scheduler.
pub async fn is_under_way(app: &App, id: &JobId) -> Result<bool> {
    app.ledger().await?.has_posts_under_way(id).await
}

/// The clip of a job lies where everybody can fetch it: its posts are written down, each once.
pub(super) async fn begin(step: &mut Step, end: &End, posts: &Posts) -> Result<(), Halt> {
    let root = root_of(&step.job).clone();
    let title = title(&step.ledger.job(&root).await?);
    let (ledger, service, now_ms) = (step.ledger.clone(), step.job.service, step.now_ms());
    write_down(&ledger, &root, service, end, posts, &title, Renew::Never, now_ms).await?;
    step.app.ring();
    Ok(())
}

/// Who takes posts, for people. Those of a rehearsal stay on this machine, whoever the sandbox stands in for.
fn taker(scheduler: Scheduler, service: Service) -> String {
    // Within a sentence.
    let title = scheduler.title().replacen("The ", "the ", 1);
    if service.is_rehearsal() { format!("the sandbox's own scheduler (in place of {title})") } else { title }
}

/// How a post stands that `taker` has: its `when` is that of a report.
pub(super) fn standing(taker: &str, when: &str) -> String {
    match when {
        "draft" => format!("a draft at {taker}"),
        "queue" => format!("queued at {taker}"),
        "now" => format!("sent to {taker}"),
        at => format!("scheduled at {taker} for {at}"),
    }
}

/// What a row that came to nothing means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renew {
    /// It stands: the same step is done again after a crash.
    Never,
    /// A person asks again: another row takes its place, with the words and the time of now.
    Failed,
}

/// More rows than anybody asks for, of which none was ever posted.
const MOST_TRIES: u32 = 100;

/// One row for each channel. The same clip, channel and scheduler give the same row, however often it is asked for.
#[expect(clippy::too_many_arguments, reason = "each is a part of the row")]
async fn write_down(
    ledger: &Ledger,
    root: &JobId,
    service: Service,
    end: &End,
    posts: &Posts,
    title: &str,
    renew: Renew,
    now_ms: EpochMs,
) -> Result<Vec<Job>> {
    let missing = || Error::internal("A clip without a public address cannot be posted.");
    let media_url = match end.stored.as_ref().and_then(|stored| stored.url.clone()) {
        Some(url) => url,
        // Make-believe, as everything of a rehearsal without a bucket.
        None if service == Service::Sandbox => format!("https://clips.sandbox.example/{root}.mp4"),
        None => return Err(missing()),
    };
    let media_url = media_url.parse::<url::Url>().map_err(|error| missing().because(error))?;
    let file = end.file.clone().unwrap_or_default();
    let mut rows = Vec::with_capacity(posts.channels.len());
    for channel in &posts.channels {
        let post = Post {
            scheduler: posts.scheduler,
            channel: channel.clone(),
            caption: posts.caption.clone(),
            title: title.to_owned(),
            timing: posts.timing,
            media_url: media_url.clone(),
            file: file.clone(),
            sha256: end.sha256.clone().unwrap_or_default(),
        };
        let name = format!("post:{root}:{}:{channel}", posts.scheduler.name());
        for number in 1..=MOST_TRIES {
            let new = NewJob {
                id: JobId::fresh(),
                parent_id: Some(root.clone()),
                service,
                session_id: None,
                state: State::Queued,
                request: Request::Post(post.clone()),
                work: serde_json::Value::Null,
                dedupe_key: if number == 1 { name.clone() } else { format!("{name}#{number}") },
                note: Some("Waiting for its turn.".to_owned()),
                due_at_ms: Some(now_ms),
            };
            let row = ledger.insert(new, now_ms).await?.job;
            let came_to_nothing = matches!(row.state, State::Failed | State::Cancelled);
            if renew == Renew::Never || !came_to_nothing || number == MOST_TRIES {
                rows.push(row);
                break;
            }
        }
    }
    Ok(rows)
}

/// Refuses a clip that some channel does not take, before anything is sent.
fn check(end: &End, posts: &Posts) -> Result<()> {
    let Some(file) = &end.file else { return Ok(()) };
    posts.channels.iter().try_for_each(|channel| channels::network(channel)?.check_file(file))
}

/// What the clip is about, short.
fn title(whole: &Job) -> String {
    let words = match &whole.request {
        Request::Video(video) => video.prompt.clone(),
        Request::Run(run) => run.prompt.clone(),
        Request::Film(film) => film.prompt.clone(),
        Request::Handover(handover) => {
            handover.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }
        _ => String::new(),
    };
    // YouTube's titles hold no angle brackets.
    let line = words.lines().next().unwrap_or_default().replace(['<', '>'], "");
    let line = line.trim();
    match line.chars().count() {
        // One sign is too little for Postiz.
        0 => return "Video".to_owned(),
        1 => return format!("Video: {line}"),
        length if length <= TITLE_CHARS => return line.to_owned(),
        _ => {}
    }
    let cut: String = line.chars().take(TITLE_CHARS - 1).collect();
    let whole_words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{whole_words}…")
}
