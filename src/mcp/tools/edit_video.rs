//! `edit_video`: a change in plain words, on the timeline of a session.

use std::time::Instant;

use rmcp::model::CallToolResponse;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SESSION_SERVICES;
use crate::error::Error;
use crate::jobs::plan::EditInput;
use crate::jobs::submit;
use crate::mcp::arguments::Arguments;
use crate::mcp::look::Look;
use crate::mcp::page;
use crate::mcp::schema;
use crate::mcp::server::Server;
use crate::model::report::JobReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditVideo {
    /// The change, in the user's words
    instruction: String,
    /// Default: the current session
    session_id: Option<String>,
    #[schemars(description = "sandbox: free rehearsal, not real", extend("enum" = SESSION_SERVICES))]
    service: Option<String>,
    /// Wait at most so long for the result; 0 answers at once
    #[schemars(range(min = 0))]
    wait_seconds: Option<f64>,
    /// Id of yours: the same id is always the same job
    request_id: Option<String>,
    /// true: send it again although the same was just asked
    #[serde(default)]
    new: bool,
}

#[tool_router(router = edit_video_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Edit the video",
        description = "Changes the timeline of a session: cuts, titles, music, colours, new scenes. Spends credits; \
                       can remove things. Answers with what changed, or with a job_id for check_job. Use export for a \
                       new file.",
        input_schema = schema::input::<EditVideo>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = true),
        meta = page::of_tool()
    )]
    async fn edit_video(
        &self,
        arguments: Arguments<EditVideo>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let begun = Instant::now();
        let asked = arguments.0?;
        let input = EditInput {
            instruction: asked.instruction,
            service: asked.service,
            session_id: asked.session_id,
            request_id: asked.request_id,
            new: asked.new,
        };
        let submitted = submit::edit(self.app(), self.caller(), input).await?;
        self.accepted(&request, submitted, asked.wait_seconds, Look::default(), begun).await
    }
}
