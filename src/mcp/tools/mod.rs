//! The tools, one file each: name, words, schemas, annotations and the call into `jobs`.

use rmcp::handler::server::router::tool::ToolRouter;

use crate::mcp::server::Server;
use crate::model::job::Service;

mod cancel_job;
mod check_credits;
mod check_job;
mod edit_video;
mod estimate_cost;
mod export;
mod generate_video;
mod list_jobs;
mod publish;
mod session_state;
mod update_template;
mod upload;

/// Every tool.
pub(super) fn router() -> ToolRouter<Server> {
    Server::generate_video_router()
        + Server::edit_video_router()
        + Server::session_state_router()
        + Server::check_credits_router()
        + Server::upload_router()
        + Server::export_router()
        + Server::estimate_cost_router()
        + Server::update_template_router()
        + Server::check_job_router()
        + Server::cancel_job_router()
        + Server::list_jobs_router()
        + Server::publish_router()
}

/// The services that have sessions with a timeline.
const SESSION_SERVICES: [&str; 2] = [Service::Nemo.name(), Service::Sandbox.name()];
/// The services that an assistant may name.
pub(super) const SERVICES: [&str; 3] =
    [Service::Nemo.name(), Service::SkillBoss.name(), Service::Sandbox.name()];
