//! `estimate_cost`: what a video would cost, before anything is sent.

use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SERVICES;
use crate::error::Error;
use crate::jobs::money::estimate::{self, Estimate};
use crate::jobs::plan::{DURATION_S, GenerateInput};
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EstimateCost {
    /// Model to price; left out, all models and prices are listed
    model: Option<String>,
    /// Length in seconds
    #[schemars(range(min = *DURATION_S.start(), max = *DURATION_S.end()))]
    duration_seconds: Option<f64>,
    /// Shape, e.g. 9:16
    aspect_ratio: Option<String>,
    /// Lines of the picture, e.g. 1080p
    resolution: Option<String>,
    /// With sound
    generate_audio: Option<bool>,
    #[schemars(description = "As in generate_video")]
    image: Option<String>,
    /// Likewise
    last_frame: Option<String>,
    /// Likewise
    #[serde(default)]
    reference_images: Vec<String>,
    /// Likewise
    #[serde(default)]
    chain_frames: bool,
    /// More is refused
    #[schemars(range(min = 0))]
    max_cost_usd: Option<f64>,
    #[schemars(description = "sandbox: free rehearsal, not real", extend("enum" = SERVICES))]
    service: Option<String>,
}

#[tool_router(router = estimate_cost_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Estimate the cost",
        description = "Says what a video would cost and which lengths, shapes and sizes a model makes. Free; nothing is made.",
        input_schema = schema::input::<EstimateCost>(),
        output_schema = schema::output::<Estimate>(),
        annotations(read_only_hint = true, open_world_hint = true)
    )]
    async fn estimate_cost(
        &self,
        arguments: Arguments<EstimateCost>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Error> {
        let asked = arguments.0?;
        let input = GenerateInput {
            model: asked.model,
            duration_seconds: asked.duration_seconds,
            aspect_ratio: asked.aspect_ratio,
            resolution: asked.resolution,
            generate_audio: asked.generate_audio,
            image: asked.image,
            last_frame: asked.last_frame,
            reference_images: asked.reference_images,
            chain_frames: asked.chain_frames,
            max_cost_usd: asked.max_cost_usd,
            service: asked.service,
            ..GenerateInput::default()
        };
        let work = estimate::estimate(self.app(), &input);
        let told = self.unless_cancelled(&request, "Asking for the price.", async |_| work.await).await?;
        Ok(reply::estimate(&told))
    }
}
