//! `upload`: the user's own media into a session.

use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SESSION_SERVICES;
use crate::error::Error;
use crate::jobs::plan::UploadInput;
use crate::jobs::session;
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};
use crate::model::report::UploadReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Upload {
    /// Paths on this computer
    #[serde(default)]
    files: Vec<String>,
    /// Public https addresses
    #[serde(default)]
    urls: Vec<String>,
    /// Default: the current session, else a new one
    session_id: Option<String>,
    #[schemars(description = "sandbox: free rehearsal, not real", extend("enum" = SESSION_SERVICES))]
    service: Option<String>,
}

#[tool_router(router = upload_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Upload media",
        description = "Uploads the user's videos, pictures and sound (200 MB each) into a session. Free. Then use \
                       edit_video or generate_video.",
        input_schema = schema::input::<Upload>(),
        output_schema = schema::output::<UploadReport>(),
        annotations(read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = true)
    )]
    async fn upload(
        &self,
        arguments: Arguments<Upload>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Error> {
        let asked = arguments.0?;
        let input = UploadInput {
            files: asked.files,
            urls: asked.urls,
            service: asked.service,
            session_id: asked.session_id,
        };
        let report = self
            .unless_cancelled(&request, "Uploading.", async |teller| {
                let on_progress = move |sent: u64, total: u64| teller.tell_bytes(sent, total);
                session::upload(self.app(), self.caller(), input, &on_progress).await
            })
            .await?;
        Ok(reply::uploads(&report))
    }
}
