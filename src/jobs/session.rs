//! Sessions and what belongs to them: current session, timeline, uploads, balance.

use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::plan::{Caller, UploadInput};
use crate::model::report::{CreditsReport, SessionReport, UploadReport};

/// The timeline as the service has it now.
pub async fn state(app: &App, caller: &Caller, session_id: Option<&str>) -> Result<SessionReport> {
    let _ = (app, caller, session_id);
    Err(Error::internal("stub"))
}

/// The balance.
pub async fn credits(app: &App, caller: &Caller) -> Result<CreditsReport> {
    let _ = (app, caller);
    Err(Error::internal("stub"))
}

/// Puts files and addresses into a session; makes one when there is none. `on_progress` gets bytes sent and total.
pub async fn upload(
    app: &App,
    caller: &Caller,
    input: UploadInput,
    on_progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<UploadReport> {
    let _ = (app, caller, input, on_progress);
    Err(Error::internal("stub"))
}
