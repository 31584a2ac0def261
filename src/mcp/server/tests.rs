//! The guard around a call, with a tool that only exists here.

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::handler::server::router::tool::ToolRoute;
use rmcp::model::{CallToolRequestParams, JsonObject};

use super::*;

fn app() -> App {
    crate::mcp::testing::app(std::path::Path::new("nowhere"))
}
