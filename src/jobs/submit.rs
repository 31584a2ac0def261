//! Accepts a request: checks it, derives its identity, writes the row. The row exists before anything leaves.

use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::plan::{Caller, EditInput, ExportInput, GenerateInput};
use crate::model::job::Job;

/// A job that was written down, or the one that the same call wrote before.
#[derive(Debug)]
pub struct Submitted {
    /// The row.
    pub job: Job,
    /// False when the same request had already been accepted: this is that job.
    pub fresh: bool,
}

/// Prompt in, file out. Words that are a command ("export 1080p MP4") become that command's job.
pub async fn generate(app: &App, caller: &Caller, input: GenerateInput) -> Result<Submitted> {
    let _ = (app, caller, input);
    Err(Error::internal("stub"))
}

/// A message about an existing timeline.
pub async fn edit(app: &App, caller: &Caller, input: EditInput) -> Result<Submitted> {
    let _ = (app, caller, input);
    Err(Error::internal("stub"))
}

/// Timeline to file.
pub async fn export(app: &App, caller: &Caller, input: ExportInput) -> Result<Submitted> {
    let _ = (app, caller, input);
    Err(Error::internal("stub"))
}
