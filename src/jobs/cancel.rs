//! Ends a job on request, and lets a person settle what no reading could.

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::job::{Job, JobId};

/// Asks for an end. What was already paid stays paid, and the report says so.
pub async fn cancel(app: &App, id: &JobId) -> Result<Job> {
    let _ = (app, id);
    Err(Error::internal("stub"))
}

/// An uncertain job is looked at again and taken as done when the service shows its effect.
pub async fn adopt(app: &App, id: &JobId) -> Result<Job> {
    let _ = (app, id);
    Err(Error::internal("stub"))
}

/// An uncertain job is given up; its worst case stays in the books.
pub async fn drop_uncertain(app: &App, id: &JobId) -> Result<Job> {
    let _ = (app, id);
    Err(Error::internal("stub"))
}
