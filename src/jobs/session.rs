//! Sessions: the current one, and its timeline.

use std::time::Duration;

use crate::app::{App, Current};
use crate::error::{Error, Kind, Result};
use crate::jobs::browser;
use crate::jobs::plan::{Caller, Door};
use crate::ledger::{Filter, Ledger, Session};
use crate::model::job::Service;
use crate::model::report::{ClipReport, LayoutReport, SessionReport, TrackReport};
use crate::nemo::timeline::{Clip, Timeline};

/// Clips that a layout shows, over all tracks: some 300 kB.
const MAX_CLIPS: usize = 2_000;

/// A session that a call is about.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) service: Service,
    pub(super) session_id: String,
}

/// The session that a call means: its own word, else the current one of this door.
pub(super) async fn choose(
    app: &App,
    caller: &Caller,
    service: Option<&str>,
    session_id: Option<&str>,
) -> Result<Option<Chosen>> {
    let ledger = app.ledger().await?;
    if let Some(session_id) = session_id.map(str::trim).filter(|id| !id.is_empty()) {
        let known = ledger.session_by_id(session_id).await?;
        let service = match (service, &known) {
            (None | Some("auto"), Some(row)) => row.service,
            (word, _) => app.service(word)?,
        };
        if !session_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            || session_id.len() > 128
        {
            return Err(Error::invalid("session_id is not an id of a session. Nothing was sent.")
                .next("Take the session_id from an earlier answer, or leave it out."));
        }
        refuse_lost(known.as_ref())?;
        return Ok(Some(Chosen { service, session_id: session_id.to_owned() }));
    }
    let current = match (caller.door, app.current()) {
        (Door::Mcp | Door::Remote, Some(Current::Session(of, session_id))) => Some((of, session_id)),
        (Door::Mcp | Door::Remote, Some(Current::Job(id))) => {
            let job = ledger.job(&id).await?;
            if job.session_id.is_none() && !job.state.is_at_rest() {
                return Err(Error::new(
                    Kind::NotFound,
                    format!("The session of {id} is still being set up."),
                )
                .next(format!("Call check_job with job_id {id} first.")));
            }
            job.session_id.map(|session_id| (job.service, session_id))
        }
        (Door::Mcp | Door::Remote, None) => None,
        (Door::Cli, _) => {
            let service = app.service(service)?;
            ledger.last_session(service).await?.map(|row| (service, row.session_id))
        }
    };
    let named = service.map(str::trim).filter(|word| !word.is_empty() && *word != "auto");
    let wanted = named.map(|word| app.service(Some(word))).transpose()?;
    let Some((service, session_id)) = current.filter(|(of, _)| wanted.is_none_or(|wanted| wanted == *of))
    else {
        return Ok(None);
    };
    refuse_lost(ledger.session(service, &session_id).await?.as_ref())?;
    Ok(Some(Chosen { service, session_id }))
}

/// As [`choose`], where there must be one.
pub(super) async fn require(
    app: &App,
    caller: &Caller,
    service: Option<&str>,
    session_id: Option<&str>,
) -> Result<Chosen> {
    if let Some(chosen) = choose(app, caller, service, session_id).await? {
        return Ok(chosen);
    }
    let rehearsed = app.ledger().await?.last_session(Service::Sandbox).await?.is_some();
    let missing = Error::new(Kind::NotFound, "There is no session yet.");
    Err(if rehearsed && app.service(service)? != Service::Sandbox {
        missing.next("The last session is the sandbox's: name the service sandbox (--service sandbox) to go on with it.")
    } else {
        missing.next(
            "Make a video with generate_video or upload a file with upload first; both start a session.",
        )
    })
}

fn refuse_lost(row: Option<&Session>) -> Result<()> {
    match row {
        Some(row) if row.lost_at_ms.is_some() => Err(Error::new(
            Kind::SessionLost,
            format!("The session {} is gone at the service, and its timeline with it.", row.session_id),
        )
        .next("Start a new one with generate_video; files must be uploaded again.")),
        _ => Ok(()),
    }
}

/// Makes a session at the service and writes it down.
pub(super) async fn create(app: &App, ledger: &Ledger, service: Service, language: &str) -> Result<String> {
    let made = app.client(service).await?.create_session(language).await?;
    let now_ms = app.now_ms();
    ledger
        .put_session(&Session {
            service,
            session_id: made.session_id.clone(),
            task_id: made.task_id,
            user_id: made.user_id,
            language: Some(language.to_owned()),
            created_at_ms: now_ms,
            last_used_at_ms: now_ms,
            lost_at_ms: None,
            note: None,
            has_uploads: false,
        })
        .await?;
    Ok(made.session_id)
}

/// The timeline as the service has it now; with `link` also the address that opens it in a browser.
pub async fn state(
    app: &App,
    caller: &Caller,
    session_id: Option<&str>,
    link: bool,
) -> Result<SessionReport> {
    let chosen = require(app, caller, None, session_id).await?;
    let mut report = state_of(app, caller, chosen.clone()).await?;
    if link {
        browser::add_link(app, &chosen, &mut report).await?;
    }
    Ok(report)
}

/// The timeline of this session, which is the current one from now on.
pub(super) async fn state_of(app: &App, caller: &Caller, chosen: Chosen) -> Result<SessionReport> {
    match read(app, &chosen).await {
        Err(error) if error.kind() == Kind::SessionLost => {
            let ledger = app.ledger().await?;
            ledger.mark_session_lost(chosen.service, &chosen.session_id, app.now_ms()).await?;
            Err(error)
        }
        Err(error) => Err(error),
        Ok((report, _)) => {
            remember(app, caller, &chosen).await?;
            Ok(report)
        }
    }
}

/// A look at a session that we know, within `patience`: nothing is written down, and it does not become the current one.
///
/// # Errors
/// `NotFound` for a session that was never used here: the service is not asked about names that somebody made up.
pub async fn look(app: &App, session_id: &str, patience: Duration) -> Result<(SessionReport, LayoutReport)> {
    let known = match app.known_ledger().await? {
        Some(ledger) => ledger.session_by_id(session_id).await?,
        None => None,
    };
    refuse_lost(known.as_ref())?;
    let Some(known) = known else {
        return Err(Error::new(Kind::NotFound, "No such session was ever used here.")
            .next("Take the session_id from an earlier answer."));
    };
    let chosen = Chosen { service: known.service, session_id: known.session_id };
    tokio::time::timeout(patience, read(app, &chosen)).await.unwrap_or_else(|_| {
        Err(Error::new(
            Kind::TimedOut,
            format!("{} did not show the timeline in time.", chosen.service.heading()),
        )
        .next("Ask again a little later."))
    })
}

/// The state of a session at the service, in words and to scale.
async fn read(app: &App, chosen: &Chosen) -> Result<(SessionReport, LayoutReport)> {
    let state = app.client(chosen.service).await?.state(&chosen.session_id).await?;
    let timeline = state.draft.timeline();
    let in_session =
        Filter { active_only: true, session_id: Some(chosen.session_id.clone()), ..Filter::default() };
    let active = app.ledger().await?.list(&in_session, 20).await?;
    let exportable = state.draft.is_exportable();
    let active_jobs: Vec<_> =
        active.iter().filter(|job| job.parent_id.is_none()).map(|job| job.id.to_string()).collect();
    let next = match (exportable, active_jobs.is_empty()) {
        (_, false) => "A job still works on it: call check_job.",
        (true, true) => "Call export to get the MP4, or edit_video to change something.",
        (false, true) => "The timeline is empty: call generate_video or edit_video.",
    };
    let report = SessionReport {
        message: format!("{}{}", rehearsal_mark(chosen.service), in_short(&timeline, exportable)),
        timeline: timeline.to_string(),
        tracks: timeline.tracks.len(),
        duration_s: (timeline.duration_ms > 0.0).then_some(timeline.duration_ms / 1000.0),
        uploads: state.uploads.len(),
        generated: state.generated.len(),
        exportable,
        active_jobs,
        service: chosen.service.name().to_owned(),
        session_id: chosen.session_id.clone(),
        browser_link: None,
        next: next.to_owned(),
    };
    Ok((report, layout(timeline)))
}

/// The timeline with its times, for whoever draws it.
fn layout(timeline: Timeline) -> LayoutReport {
    let mut room = MAX_CLIPS;
    let tracks = timeline.tracks.into_iter().map(|track| {
        let shown = track.clips.len().min(room);
        room -= shown;
        TrackReport {
            label: track.label,
            left_out: track.clips.len() - shown,
            clips: track.clips.into_iter().take(shown).map(clip).collect(),
        }
    });
    LayoutReport {
        title: timeline.title,
        duration_s: timeline.duration_ms / 1000.0,
        width: timeline.width,
        height: timeline.height,
        tracks: tracks.collect(),
    }
}

fn clip(clip: Clip) -> ClipReport {
    ClipReport {
        name: clip.text.unwrap_or(clip.name),
        start_s: clip.start_ms / 1000.0,
        end_s: clip.end_ms / 1000.0,
        volume_percent: clip.volume_percent,
        speed: clip.speed,
    }
}

/// A timeline in half a sentence; the tracks stand beside it.
fn in_short(timeline: &Timeline, exportable: bool) -> String {
    let ready = if exportable { "ready to export" } else { "nothing to export yet" };
    match timeline.tracks.len() {
        0 => "The timeline is empty.".to_owned(),
        1 => format!("1 track, {} s, {ready}.", timeline.duration_ms / 1000.0),
        n => format!("{n} tracks, {} s, {ready}.", timeline.duration_ms / 1000.0),
    }
}

/// The session is the current one from now on.
pub(super) async fn remember(app: &App, caller: &Caller, chosen: &Chosen) -> Result<()> {
    if caller.door != Door::Cli {
        app.set_current(Current::Session(chosen.service, chosen.session_id.clone()));
    }
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    if ledger.touch_session(chosen.service, &chosen.session_id, now_ms).await? {
        return Ok(());
    }
    // It was made elsewhere and is given to us now.
    let given = Session {
        service: chosen.service,
        session_id: chosen.session_id.clone(),
        task_id: None,
        user_id: None,
        language: None,
        created_at_ms: now_ms,
        last_used_at_ms: now_ms,
        lost_at_ms: None,
        note: None,
        has_uploads: false,
    };
    ledger.put_session(&given).await
}

/// Nobody may mistake the rehearsal for the real thing.
pub(super) fn rehearsal_mark(service: Service) -> &'static str {
    match service {
        Service::Sandbox => "[sandbox: a rehearsal, nothing real was made or charged] ",
        Service::Nemo | Service::SkillBoss => "",
    }
}
