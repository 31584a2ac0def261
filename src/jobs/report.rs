//! A job as it is told: the one place that turns rows into reports.

use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::plan::Caller;
use crate::model::job::{Job, JobId, State};
use crate::model::report::{JobList, JobReport};

/// The report of a job, with the parts of a composite folded in.
pub async fn report(app: &App, job: &Job) -> Result<JobReport> {
    let _ = (app, job);
    Err(Error::internal("stub"))
}

/// The job of that name.
pub async fn find(app: &App, id: &JobId) -> Result<Job> {
    let _ = (app, id);
    Err(Error::internal("stub"))
}

/// The newest jobs; parts of composites are left out.
pub async fn list(app: &App, caller: &Caller, state: Option<State>, limit: u32) -> Result<JobList> {
    let _ = (app, caller, state, limit);
    Err(Error::internal("stub"))
}
