//! Sessions: the one that a call is about, and the current one of a door.

mod browser;
mod timeline;
mod upload;

use crate::app::{App, Current};
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::{Caller, Door};
use crate::ledger::{Ledger, Session};
use crate::model::job::Service;

pub(super) use timeline::state_of;
pub use timeline::{look, state};
pub use upload::upload;
pub(super) use upload::{media, put};

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

/// Makes a session at the service and writes it down; `here` when somebody on this machine is going to work in it.
pub(super) async fn create(
    app: &App,
    ledger: &Ledger,
    service: Service,
    language: &str,
    here: bool,
) -> Result<String> {
    let made = app.client(service).await?.create_session(language).await?;
    let session = Session {
        task_id: made.task_id,
        user_id: made.user_id,
        language: Some(language.to_owned()),
        ..Session::new(service, &made.session_id, here, app.now_ms())
    };
    ledger.put_session(&session).await?;
    Ok(made.session_id)
}

/// The session is the current one from now on.
pub(super) async fn remember(app: &App, caller: &Caller, chosen: &Chosen) -> Result<()> {
    if caller.door != Door::Cli {
        app.set_current(Current::Session(chosen.service, chosen.session_id.clone()));
    }
    let (ledger, now_ms) = (app.ledger().await?, app.now_ms());
    let here = caller.is_here();
    if ledger.touch_session(chosen.service, &chosen.session_id, here, now_ms).await? {
        return Ok(());
    }
    // It was made elsewhere and is given to us now.
    let given = Session::new(chosen.service, &chosen.session_id, here, now_ms);
    ledger.put_session(&given).await
}
