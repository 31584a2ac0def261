//! `check_job`: how a job goes, waiting a while for its result.

use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Preview;
use crate::error::Error;
use crate::jobs::inspect::Keep;
use crate::jobs::{publish, report};
use crate::mcp::arguments::Arguments;
use crate::mcp::look::Look;
use crate::mcp::server::Server;
use crate::mcp::{page, reply, schema};
use crate::model::job::JobId;
use crate::model::report::JobReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckJob {
    /// From an earlier answer; valid for ever
    job_id: String,
    /// Wait at most so long for the result; 0 answers at once
    #[schemars(range(min = 0))]
    wait_seconds: Option<f64>,
    #[schemars(description = "Picture of the result; default as asked at the start", extend("enum" = Preview::NAMES))]
    preview: Option<String>,
}

#[tool_router(router = check_job_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Check a job",
        description = "Tells how a job goes and waits a while for its result. Free.",
        input_schema = schema::input::<CheckJob>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = true, open_world_hint = false),
        meta = page::of_tool()
    )]
    async fn check_job(
        &self,
        arguments: Arguments<CheckJob>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Error> {
        let asked = arguments.0?;
        let look = Look::new(asked.preview.as_deref(), false)?;
        let id: JobId = asked.job_id.parse()?;
        let job = report::find(self.app(), &id).await?;
        let job = if job.state.is_at_rest() && !publish::is_under_way(self.app(), &id).await? {
            job
        } else {
            self.follow(&request, &id, self.patience(&request, asked.wait_seconds)).await?
        };
        let (report, picture) = self.seen(&job, look, Keep::Nowhere).await?;
        Ok(reply::with_picture(reply::job(&report), picture.as_deref()))
    }
}
