//! `list_jobs`: the newest jobs of this computer.

use rmcp::model::CallToolResult;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::report;
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};
use crate::model::job::State;
use crate::model::report::JobList;

/// Jobs in an answer that does not say how many.
const USUAL: u32 = 10;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListJobs {
    #[schemars(description = "Only these", extend("enum" = State::ALL.map(State::name)))]
    state: Option<String>,
    /// Default 10
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
}

#[tool_router(router = list_jobs_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "List jobs",
        description = "Lists the newest jobs with their files, also from before a restart. Free.",
        input_schema = schema::input::<ListJobs>(),
        output_schema = schema::output::<JobList>(),
        annotations(read_only_hint = true, open_world_hint = false)
    )]
    async fn list_jobs(&self, arguments: Arguments<ListJobs>) -> Result<CallToolResult, Error> {
        let asked = arguments.0?;
        let state = asked.state.map(|name| name.parse::<State>()).transpose()?;
        let list = report::list(self.app(), state, asked.limit.unwrap_or(USUAL)).await?;
        Ok(reply::jobs(&list))
    }
}
