//! `generate_video`: a prompt in, an MP4 out.

use std::time::Instant;

use rmcp::model::CallToolResponse;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SERVICES;
use crate::config::Preview;
use crate::error::Error;
use crate::jobs::plan::{ASPECTS, DURATION_S, GenerateInput, PublishInput};
use crate::jobs::submit;
use crate::mcp::arguments::Arguments;
use crate::mcp::look::Look;
use crate::mcp::page;
use crate::mcp::schema;
use crate::mcp::server::Server;
use crate::model::delivery::{Place, Scheduler};
use crate::model::report::JobReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GenerateVideo {
    /// What the video shows, in the user's own words; up to 5000 characters
    prompt: String,
    /// Length in seconds, e.g. 10
    #[schemars(range(min = *DURATION_S.start(), max = *DURATION_S.end()))]
    duration_seconds: Option<f64>,
    #[schemars(description = "Shape; the service chooses by default", extend("enum" = ASPECTS))]
    aspect_ratio: Option<String>,
    /// 720p, 1080p; some models: 360p, 4k
    resolution: Option<String>,
    /// A SkillBoss model, e.g. veo-3.1 (paid in dollars); NemoVideo chooses by itself
    model: Option<String>,
    #[schemars(description = "sandbox: free rehearsal, not real", extend("enum" = SERVICES))]
    service: Option<String>,
    /// What must not appear
    negative_prompt: Option<String>,
    /// First picture: path; for NemoVideo also https URL
    image: Option<String>,
    /// Last picture, likewise
    last_frame: Option<String>,
    /// Pictures to follow in style, likewise
    #[serde(default)]
    reference_images: Vec<String>,
    /// true: with sound; false: silent; default: the service decides
    generate_audio: Option<bool>,
    /// The most it may cost in dollars (SkillBoss)
    #[schemars(range(min = 0))]
    max_cost_usd: Option<f64>,
    /// Go on in this session, with its uploads
    session_id: Option<String>,
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
    /// true: make another although the same was just asked
    #[serde(default)]
    new: bool,
    /// Long videos of several parts: begin each on the last frame of the one before
    #[serde(default)]
    chain_frames: bool,
    #[schemars(description = "Default: s3 when a bucket is set up", extend("enum" = Place::NAMES))]
    deliver: Option<String>,
    /// Posts of the result; drafts unless `when` says otherwise
    publish: Option<Posts>,
    #[schemars(description = "From an answer with state needs_approval, once the user agreed to the price")]
    quote_token: Option<String>,
}

/// As in the tool `publish`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Posts {
    /// E.g. tiktok, reels
    #[serde(default)]
    channels: Vec<String>,
    /// Words under it
    caption: Option<String>,
    /// now, queue, or a time
    when: Option<String>,
    #[schemars(description = "Needed where several are set up", extend("enum" = Scheduler::NAMES))]
    scheduler: Option<String>,
}

#[tool_router(router = generate_video_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Make a video",
        description = "Makes a video from a prompt and saves it as an MP4 file. Spends credits or dollars; takes 1-5 minutes. \
                       Answers with the file, or with a job_id for check_job. The same call again finds the same job.",
        input_schema = schema::input::<GenerateVideo>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = true),
        meta = page::of_tool()
    )]
    async fn generate_video(
        &self,
        arguments: Arguments<GenerateVideo>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let begun = Instant::now();
        let asked = arguments.0?;
        let look = Look::new(asked.preview.as_deref(), asked.strict)?;
        let input = GenerateInput {
            prompt: asked.prompt,
            duration_seconds: asked.duration_seconds,
            aspect_ratio: asked.aspect_ratio,
            resolution: asked.resolution,
            model: asked.model,
            service: asked.service,
            negative_prompt: asked.negative_prompt,
            image: asked.image,
            last_frame: asked.last_frame,
            reference_images: asked.reference_images,
            generate_audio: asked.generate_audio,
            max_cost_usd: asked.max_cost_usd,
            session_id: asked.session_id,
            output_path: asked.output_path,
            request_id: asked.request_id,
            new: asked.new,
            preview: look.preview,
            strict: look.strict,
            chain_frames: asked.chain_frames,
            quote_token: asked.quote_token,
            deliver: asked.deliver,
            publish: asked.publish.map(|posts| PublishInput {
                channels: posts.channels,
                caption: posts.caption,
                when: posts.when,
                scheduler: posts.scheduler,
                ..PublishInput::default()
            }),
            ..GenerateInput::default()
        };
        let accepted = submit::generate(self.app(), self.caller(), input).await?;
        self.accepted(&request, accepted, asked.wait_seconds, look, begun).await
    }
}
