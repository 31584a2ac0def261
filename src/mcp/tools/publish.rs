//! `publish`: puts a finished clip before people, through a scheduler.

use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::plan::PublishInput;
use crate::jobs::publish::{self, Asked, Published};
use crate::jobs::report;
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};
use crate::model::delivery::Scheduler;
use crate::model::report::JobReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Publish {
    /// The job that made the clip
    job_id: String,
    /// At least one, e.g. tiktok, reels, shorts, x
    #[serde(default)]
    channels: Vec<String>,
    /// Words under the clip
    caption: Option<String>,
    /// Only on the user's word: now, queue, or a time. Default: a draft
    when: Option<String>,
    #[schemars(description = "Needed where several are set up", extend("enum" = Scheduler::NAMES))]
    scheduler: Option<String>,
    /// true: check and tell, send nothing
    #[serde(default)]
    dry_run: bool,
}

#[tool_router(router = publish_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Publish a clip",
        description = "Posts a finished clip through the user's scheduler; drafts by default. The same clip goes to a channel once.",
        input_schema = schema::input::<Publish>(),
        output_schema = schema::output::<JobReport>(),
        annotations(read_only_hint = false, destructive_hint = false, idempotent_hint = true, open_world_hint = true)
    )]
    async fn publish(
        &self,
        arguments: Arguments<Publish>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Error> {
        let asked = arguments.0?;
        let input = PublishInput {
            channels: asked.channels,
            caption: asked.caption,
            when: asked.when,
            scheduler: asked.scheduler,
            ..PublishInput::default()
        };
        let clip = Asked::Job(asked.job_id.parse()?);
        match publish::publish(self.app(), self.caller(), &clip, &input, asked.dry_run).await? {
            Published::Tried(report) => Ok(reply::job(&report)),
            Published::Job(job) => {
                let job = self.follow(&request, &job.id, self.patience(&request, None)).await?;
                Ok(reply::job(&report::report(self.app(), &job).await?))
            }
        }
    }
}
