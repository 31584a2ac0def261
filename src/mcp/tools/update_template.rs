//! `update_template`: a Shotstack template gets another name or definition.

use std::time::Instant;

use rmcp::model::CallToolResponse;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::clip::template::{self, TemplateInput};
use crate::jobs::submit::Accepted;
use crate::mcp::arguments::Arguments;
use crate::mcp::look::Look;
use crate::mcp::schema;
use crate::mcp::server::Server;
use crate::model::report::JobReport;

/// Who has templates.
const SERVICES: [&str; 2] = ["skillboss", "sandbox"];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateTemplate {
    /// Id of the Shotstack template
    template_id: Option<String>,
    /// New name
    name: Option<String>,
    /// New definition: object with timeline and output
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    template: Option<serde_json::Value>,
    /// true: leaving out template is meant to empty it
    #[serde(default)]
    blank: bool,
    #[schemars(description = "sandbox: free rehearsal, not real", extend("enum" = SERVICES))]
    service: Option<String>,
    /// The most it may cost in dollars
    #[schemars(range(min = 0))]
    max_cost_usd: Option<f64>,
    /// Id of yours: the same id is always the same job
    request_id: Option<String>,
    /// true: send it again although the same was just asked
    #[serde(default)]
    new: bool,
    #[schemars(description = "As in generate_video")]
    quote_token: Option<String>,
}

#[tool_router(router = update_template_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Update a template",
        description = "Replaces the name or the definition of a Shotstack template through SkillBoss. Costs dollars, once per call; \
                       the old definition is gone.",
        input_schema = schema::input::<UpdateTemplate>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = true)
    )]
    async fn update_template(
        &self,
        arguments: Arguments<UpdateTemplate>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let begun = Instant::now();
        let asked = arguments.0?;
        let input = TemplateInput {
            id: asked.template_id.unwrap_or_default(),
            name: asked.name,
            definition: asked.template,
            blank: asked.blank,
            service: asked.service,
            max_cost_usd: asked.max_cost_usd,
            quote_token: asked.quote_token,
            request_id: asked.request_id,
            new: asked.new,
        };
        let submitted = template::update(self.app(), input).await?;
        self.accepted(&request, Accepted::Job(Box::new(submitted)), None, Look::default(), begun).await
    }
}
