//! Accepts a request: checks it, finds out who it is, writes the row. The row exists before anything leaves.

pub(super) mod identity;
mod mention;

use crate::app::{App, Current};
use crate::error::{Error, Result};
use crate::jobs::money::{approve, balance};
use crate::jobs::plan::{self, Caller, EditInput, ExportInput, GenerateInput, UploadInput};
use crate::jobs::session::{self, Chosen};
use crate::jobs::{clip, paths, publish, report};
use crate::ledger::{Filter, NewJob};
use crate::model::inspection::Inspection;
use crate::model::job::{Job, JobId, JobKind, Service, State};
use crate::model::report::JobReport;
use crate::model::request::{Render, Request, Turn, Video};
use crate::nemo::language;
use crate::nemo::route::{self, Intent};

use identity::{Identity, identify};

/// What became of a call.
#[derive(Debug)]
pub enum Accepted {
    /// A job, to be waited for.
    Job(Box<Submitted>),
    /// The words were a question ("how many credits are left?"), and this is the answer.
    Told(Box<JobReport>),
}

/// A job that was written down, or the one that the same call wrote before.
#[derive(Debug)]
pub struct Submitted {
    /// The row.
    pub job: Job,
    /// False when the same request had already been accepted: this is that job.
    pub fresh: bool,
}

/// Prompt in, file out. Words that are a command ("export 1080p MP4") become that command.
pub async fn generate(app: &App, caller: &Caller, input: GenerateInput) -> Result<Accepted> {
    // As the settings are here and now: who moves the job may have others.
    let strict = input.strict || app.config().strict;
    accept(app, caller, GenerateInput { strict, ..input }).await
}

/// The same for a wish that says itself how strict it is, as the line of a batch, which any process may begin.
pub(super) async fn accept(app: &App, caller: &Caller, input: GenerateInput) -> Result<Accepted> {
    // Who agrees to a price may name the job instead of repeating the whole call, as the page in the chat does.
    if let (Some(token), Ok(id)) = (&input.quote_token, input.prompt.parse()) {
        let (job, fresh) = approve::agree(app, &id, token).await?;
        return Ok(Accepted::Job(Box::new(Submitted { job, fresh })));
    }
    let prompt = plan::words("prompt", &input.prompt)?;
    let routed = route::route(&prompt);
    if let Some(service) = clip::service(app, &input).await? {
        // Only the words for a picture go to a model; a bare command is none.
        let about = GenerateInput { model: None, service: None, ..input.clone() };
        if routed.action != Intent::Edit
            && input.duration_seconds.is_none()
            && let Some(accepted) = command(app, caller, &routed, &prompt, &about).await?
        {
            return Ok(accepted);
        }
        let submitted = clip::submit(app, caller, service, &input, &prompt).await?;
        return Ok(Accepted::Job(Box::new(submitted)));
    }
    plan::refuse_foreign_wishes(&input)?;
    let message = plan::message(&prompt, &input)?;
    if let Some(accepted) = command(app, caller, &routed, &prompt, &input).await? {
        return Ok(accepted);
    }
    let named = if routed.action == Intent::Upload { mention::media(&prompt) } else { Vec::new() };
    let files: Vec<String> = named
        .iter()
        .chain(&input.files)
        .chain(&input.image)
        .chain(&input.last_frame)
        .chain(&input.reference_images)
        .cloned()
        .collect();
    let media = session::media(app, caller, &files, &[])?;
    let chosen = workshop(app, caller, &input).await?;
    let service = match &chosen {
        Some(chosen) => chosen.service,
        None => app.service(input.service.as_deref())?,
    };
    let session_id = chosen.map(|chosen| chosen.session_id);
    let asked = (&message, &media, &session_id, &input.output_path);
    let ledger = app.ledger().await?;
    let now_ms = app.now_ms();
    let key = match identify(ledger, service, &asked, input.request_id.as_deref(), input.new, now_ms).await? {
        Identity::Known(job) if input.batch.is_some() => {
            return Ok(Accepted::Job(Box::new(Submitted { job: *job, fresh: false })));
        }
        Identity::Known(job) => {
            publish::refuse_later_wish(app, &job, input.publish.as_ref())?;
            return Ok(current(app, Submitted { job: *job, fresh: false }));
        }
        Identity::Fresh(key) => key,
    };
    let output_path =
        paths::output_file(app.config(), caller, input.output_path.as_deref(), &prompt, now_ms)?;
    let delivery =
        publish::delivery(app.config(), service, input.deliver.as_deref(), input.publish.as_ref(), now_ms)?;
    let inspection = plan::inspection(&input, session_id.is_none());
    publish::foresee(&delivery, &publish::planned(&inspection))?;
    let language = language::detect(&prompt).to_owned();
    let request = Request::Video(Video {
        turn: Turn { message, media, language, aside: input.batch.is_some() || !caller.is_here() },
        prompt,
        output_path,
        duration_s: input.duration_seconds,
        inspection,
        delivery,
    });
    let uploads = session_id.clone().filter(|_| input.session_id.is_none());
    let submitted = write_down(app, service, session_id, request, key).await?;
    // The lines of a batch are not what the conversation is about.
    let accepted = match input.batch {
        Some(_) => Accepted::Job(Box::new(submitted)),
        None => current(app, submitted),
    };
    if let Some(session_id) = uploads {
        // The uploads have found their video: the next prompt that stands alone begins anew.
        ledger.note_uploads(service, &session_id, false).await?;
    }
    Ok(accepted)
}

/// A message about an existing timeline. Words that are a command become that command.
pub async fn edit(app: &App, caller: &Caller, input: EditInput) -> Result<Accepted> {
    let message = plan::words("instruction", &input.instruction)?;
    let routed = route::route(&message);
    let like = GenerateInput {
        service: input.service.clone(),
        session_id: input.session_id.clone(),
        request_id: input.request_id.clone(),
        new: input.new,
        ..GenerateInput::default()
    };
    if let Some(accepted) = command(app, caller, &routed, &message, &like).await? {
        return Ok(accepted);
    }
    let named = if routed.action == Intent::Upload { mention::media(&message) } else { Vec::new() };
    let media = session::media(app, caller, &named, &[])?;
    let (word, session_id) = (input.service.as_deref(), input.session_id.as_deref());
    // Files that come along may begin a session; mere words need one.
    let chosen = match session::choose(app, caller, word, session_id).await? {
        None if media.is_empty() => session::require(app, caller, word, session_id).await.map(Some)?,
        chosen => chosen,
    };
    let service = match &chosen {
        Some(chosen) => chosen.service,
        None => app.service(word)?,
    };
    let session_id = chosen.as_ref().map(|chosen| chosen.session_id.clone());
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let asked = (&message, &media, &session_id);
    let request_id = input.request_id.as_deref();
    let key = match identify(ledger, service, &asked, request_id, input.new, now_ms).await? {
        Identity::Known(job) => return Ok(current(app, Submitted { job: *job, fresh: false })),
        Identity::Fresh(key) => key,
    };
    if let Some(chosen) = &chosen {
        session::remember(app, caller, chosen).await?;
    }
    let language = language::detect(&message).to_owned();
    let turn = Turn { message, media, language, aside: !caller.is_here() };
    let request = if routed.also.contains(&Intent::Export) {
        // "Trim it and export": the edit first, then the file.
        let output_path = paths::output_file(app.config(), caller, None, &turn.message, now_ms)?;
        let delivery = publish::delivery(app.config(), service, None, None, now_ms)?;
        Request::Video(Video {
            prompt: turn.message.clone(),
            turn,
            output_path,
            duration_s: None,
            inspection: Inspection { strict: app.config().strict, ..Inspection::default() },
            delivery,
        })
    } else {
        Request::Turn(turn)
    };
    Ok(current(app, write_down(app, service, session_id, request, key).await?))
}

/// Timeline to file.
pub async fn export(app: &App, caller: &Caller, input: ExportInput) -> Result<Submitted> {
    let chosen = session::require(app, caller, input.service.as_deref(), input.session_id.as_deref()).await?;
    let ledger = app.ledger().await?;
    let now_ms = app.now_ms();
    let history =
        ledger.list(&Filter { session_id: Some(chosen.session_id.clone()), ..Filter::default() }, 50).await?;
    let last_turn = history.iter().find(|job| job.kind == JobKind::Turn).map(|job| (&job.id, job.state));
    // An export after another edit is another export.
    let asked = ("export", &chosen.session_id, &input.output_path, &last_turn);
    let request_id = input.request_id.as_deref();
    let key = match identify(ledger, chosen.service, &asked, request_id, input.new, now_ms).await? {
        Identity::Known(job) => {
            publish::refuse_later_wish(app, &job, input.publish.as_ref())?;
            return Ok(Submitted { job: *job, fresh: false });
        }
        Identity::Fresh(key) => key,
    };
    let output_path =
        paths::output_file(app.config(), caller, input.output_path.as_deref(), title(&history), now_ms)?;
    let delivery = publish::delivery(
        app.config(),
        chosen.service,
        input.deliver.as_deref(),
        input.publish.as_ref(),
        now_ms,
    )?;
    session::remember(app, caller, &chosen).await?;
    let strict = input.strict || app.config().strict;
    let inspection = Inspection { preview: input.preview, strict, ..Inspection::default() };
    let request = Request::Render(Render { output_path, inspection, delivery });
    let submitted = write_down(app, chosen.service, Some(chosen.session_id), request, key).await?;
    app.set_current(Current::Job(submitted.job.id.clone()));
    Ok(submitted)
}

/// What the session is about: its newest prompt.
fn title(history: &[Job]) -> &str {
    history
        .iter()
        .find_map(|job| match &job.request {
            Request::Video(video) => Some(video.prompt.as_str()),
            _ => None,
        })
        .or_else(|| {
            history.iter().find_map(|job| match &job.request {
                Request::Turn(turn) => Some(turn.message.as_str()),
                _ => None,
            })
        })
        .unwrap_or_default()
}

/// Carries out words that are a command and no description: the skill's table "Matching Input to Actions".
async fn command(
    app: &App,
    caller: &Caller,
    routed: &route::Route,
    words: &str,
    input: &GenerateInput,
) -> Result<Option<Accepted>> {
    match routed.action {
        Intent::Edit => Ok(None),
        Intent::Upload if routed.also.contains(&Intent::Edit) || has_wishes(input) => Ok(None),
        Intent::Upload => upload(app, caller, words, input).await,
        Intent::Export => {
            let export = ExportInput {
                service: input.service.clone(),
                session_id: input.session_id.clone(),
                output_path: input.output_path.clone(),
                request_id: input.request_id.clone(),
                new: input.new,
                preview: input.preview,
                strict: input.strict,
                deliver: input.deliver.clone(),
                publish: input.publish.clone(),
            };
            Ok(Some(Accepted::Job(Box::new(self::export(app, caller, export).await?))))
        }
        Intent::Credits => {
            let credits = balance::credits_of(app, app.service(input.service.as_deref())?).await?;
            Ok(Some(Accepted::Told(Box::new(report::answer(
                &credits.service,
                &credits.message,
                &credits.next,
            )))))
        }
        Intent::State => {
            let (service, session_id) = (input.service.as_deref(), input.session_id.as_deref());
            let chosen = session::require(app, caller, service, session_id).await?;
            let state = session::state_of(app, caller, chosen).await?;
            let mut told = report::answer(&state.service, &state.message, &state.next);
            told.timeline = Some(state.timeline);
            told.session_id = Some(state.session_id);
            Ok(Some(Accepted::Told(Box::new(told))))
        }
    }
}

/// Words that only bring files along: the upload is the whole answer.
async fn upload(app: &App, caller: &Caller, words: &str, input: &GenerateInput) -> Result<Option<Accepted>> {
    let files: Vec<String> = mention::media(words).into_iter().chain(input.files.iter().cloned()).collect();
    if files.is_empty() {
        return Err(Error::invalid("These words ask for an upload, but name no file. Nothing was sent.")
            .next("Call upload with files or urls, or name the file in the words, for example ~/Movies/clip.mp4."));
    }
    let (service, session_id) = (input.service.clone(), input.session_id.clone());
    let upload = UploadInput { files, urls: Vec::new(), service, session_id };
    let done = session::upload(app, caller, upload, &|_, _| {}).await?;
    let mut told = report::answer(&done.service, &done.message, &done.next);
    told.session_id = Some(done.session_id);
    Ok(Some(Accepted::Told(Box::new(told))))
}

/// Whether a call asks for more than its words: then it is no bare command.
fn has_wishes(input: &GenerateInput) -> bool {
    input.duration_seconds.is_some()
        || input.aspect_ratio.is_some()
        || input.resolution.is_some()
        || input.negative_prompt.is_some()
        || input.generate_audio.is_some()
        || input.image.is_some()
        || input.last_frame.is_some()
        || !input.reference_images.is_empty()
}

/// The session that a new video is made in: the one that was named, or the current one if files were uploaded
/// into it; a prompt that stands alone gets a session of its own, so that videos do not pile up on one timeline.
async fn workshop(app: &App, caller: &Caller, input: &GenerateInput) -> Result<Option<Chosen>> {
    // A line of a batch is nobody's conversation.
    if input.batch.is_some() {
        return Ok(None);
    }
    let service = input.service.as_deref();
    if input.session_id.as_deref().is_some_and(|id| !id.trim().is_empty()) {
        return session::choose(app, caller, service, input.session_id.as_deref()).await;
    }
    let Some(current) = session::choose(app, caller, service, None).await.unwrap_or(None) else {
        return Ok(None);
    };
    let row = app.ledger().await?.session(current.service, &current.session_id).await?;
    Ok(row.is_some_and(|row| row.has_uploads).then_some(current))
}

/// From now on the conversation is about this job.
fn current(app: &App, submitted: Submitted) -> Accepted {
    app.set_current(Current::Job(submitted.job.id.clone()));
    Accepted::Job(Box::new(submitted))
}

async fn write_down(
    app: &App,
    service: Service,
    session_id: Option<String>,
    request: Request,
    dedupe_key: String,
) -> Result<Submitted> {
    let now_ms = app.now_ms();
    let inserted = app
        .ledger()
        .await?
        .insert(
            NewJob {
                id: JobId::fresh(),
                parent_id: None,
                service,
                session_id,
                state: State::Queued,
                request,
                work: serde_json::Value::Null,
                dedupe_key,
                note: Some("Waiting for its turn.".to_owned()),
                due_at_ms: Some(now_ms),
            },
            now_ms,
        )
        .await?;
    app.ring();
    Ok(Submitted { job: inserted.job, fresh: inserted.fresh })
}
