//! `session_state`: the timeline as the service has it now.

use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::session;
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{page, reply, schema};
use crate::model::report::SessionReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionState {
    /// Default: the current session
    session_id: Option<String>,
    /// true: also make a link by which the user opens it in a browser
    #[serde(default)]
    browser_link: bool,
}

#[tool_router(router = session_state_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Show the timeline",
        description = "Shows a session's timeline: tracks, length, uploads, running jobs. Free.",
        input_schema = schema::input::<SessionState>(),
        output_schema = schema::output::<SessionReport>(),
        annotations(read_only_hint = true, open_world_hint = true),
        meta = page::of_tool()
    )]
    async fn session_state(
        &self,
        arguments: Arguments<SessionState>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Error> {
        let asked = arguments.0?;
        let read = session::state(self.app(), self.caller(), asked.session_id.as_deref(), asked.browser_link);
        let report = self.unless_cancelled(&request, "Reading the timeline.", async |_| read.await).await?;
        Ok(reply::session(&report))
    }
}
