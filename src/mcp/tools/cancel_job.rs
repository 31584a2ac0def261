//! `cancel_job`: ends a job.

use std::time::Duration;

use rmcp::model::CallToolResult;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::{cancel, report, wait};
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};
use crate::model::job::JobId;
use crate::model::report::JobReport;

/// A step lets go of its job within this in all but rare cases; then the answer tells how the job ended.
const SETTLING: Duration = Duration::from_secs(5);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CancelJob {
    /// From an earlier answer
    job_id: String,
}

#[tool_router(router = cancel_job_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Cancel a job",
        description = "Stops a job for good. What was already paid stays paid; the answer says what was.",
        input_schema = schema::input::<CancelJob>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = false, destructive_hint = true, idempotent_hint = true, open_world_hint = true)
    )]
    async fn cancel_job(&self, arguments: Arguments<CancelJob>) -> Result<CallToolResult, Error> {
        let id: JobId = arguments.0?.job_id.parse()?;
        let before = report::find(self.app(), &id).await?.state;
        let mut job = cancel::cancel(self.app(), &id).await?;
        if job.state.is_at_rest() && job.state == before {
            let mut report = report::report(self.app(), &job).await?;
            report.message = cancel::too_late(&job);
            return Ok(reply::job(&report));
        }
        if !job.state.is_at_rest() {
            job = wait::wait(self.app(), &id, SETTLING, |_| {}).await?;
        }
        Ok(reply::job(&report::report(self.app(), &job).await?))
    }
}
