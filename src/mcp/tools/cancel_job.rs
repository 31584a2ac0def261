//! `cancel_job`: ends a job.

use rmcp::model::CallToolResult;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::{cancel, report};
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};
use crate::model::job::JobId;
use crate::model::report::JobReport;

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
        let job = cancel::cancel(self.app(), &id).await?;
        Ok(reply::job(&report::report(self.app(), &job).await?))
    }
}
