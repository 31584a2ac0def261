//! `export`: the timeline of a session to a file.

use std::time::Instant;

use rmcp::model::CallToolResponse;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SESSION_SERVICES;
use crate::config::Preview;
use crate::error::Error;
use crate::jobs::plan::ExportInput;
use crate::jobs::submit;
use crate::mcp::arguments::Arguments;
use crate::mcp::look::Look;
use crate::mcp::page;
use crate::mcp::schema;
use crate::mcp::server::Server;
use crate::model::report::JobReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Export {
    /// Default: the current session
    session_id: Option<String>,
    #[schemars(description = "sandbox: free rehearsal, not real", extend("enum" = SESSION_SERVICES))]
    service: Option<String>,
    /// File to write; nothing is overwritten
    output_path: Option<String>,
    #[schemars(description = "Picture of the result to look at; default sheet: 9 frames", extend("enum" = Preview::NAMES))]
    preview: Option<String>,
    /// true: a result that fails its delivery check is an error
    #[serde(default)]
    strict: bool,
    /// Wait at most so long for the result; 0 answers at once
    #[schemars(range(min = 0))]
    wait_seconds: Option<f64>,
    /// Id of yours: the same id is always the same job
    request_id: Option<String>,
    /// true: render again although nothing changed
    #[serde(default)]
    new: bool,
}

#[tool_router(router = export_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Export the video",
        description = "Renders a session's timeline and saves it as an MP4 file. Free; takes about 30-90 seconds. \
                       Answers with the file, or with a job_id for check_job.",
        input_schema = schema::input::<Export>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = true),
        meta = page::of_tool()
    )]
    async fn export(
        &self,
        arguments: Arguments<Export>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let asked = arguments.0?;
        let look = Look::new(asked.preview.as_deref(), asked.strict)?;
        let input = ExportInput {
            service: asked.service,
            session_id: asked.session_id,
            output_path: asked.output_path,
            request_id: asked.request_id,
            new: asked.new,
            preview: look.preview,
            strict: look.strict,
            ..ExportInput::default()
        };
        let submitted = submit::export(self.app(), self.caller(), input).await?;
        self.outcome(&request, submitted, asked.wait_seconds, look, Instant::now()).await
    }
}
