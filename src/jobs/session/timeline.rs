//! The timeline of a session, as the service has it now.

use std::time::Duration;

use super::{Chosen, browser, refuse_lost, remember, require};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::Caller;
use crate::jobs::rehearsal;
use crate::ledger::Filter;
use crate::model::report::{ClipReport, LayoutReport, SessionReport, TrackReport};
use crate::nemo::timeline::{Clip, Timeline};

/// Clips that a layout shows, over all tracks: some 300 kB.
const MAX_CLIPS: usize = 2_000;

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
pub(in crate::jobs) async fn state_of(app: &App, caller: &Caller, chosen: Chosen) -> Result<SessionReport> {
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
        message: format!("{}{}", rehearsal::mark(chosen.service), in_short(&timeline, exportable)),
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
