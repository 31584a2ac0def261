//! `check_credits`: the balance.

use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::jobs::money::balance;
use crate::mcp::arguments::Arguments;
use crate::mcp::server::Server;
use crate::mcp::{reply, schema};
use crate::model::report::CreditsReport;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckCredits {}

#[tool_router(router = check_credits_router, vis = "pub(super)")]
impl Server {
    #[tool(
        title = "Check credits",
        description = "Shows what is left: NemoVideo's credits, SkillBoss' wallet and the budgets; and where to get more. Free.",
        input_schema = schema::input::<CheckCredits>(),
        output_schema = schema::output::<CreditsReport>(),
        annotations(read_only_hint = true, open_world_hint = true)
    )]
    async fn check_credits(
        &self,
        arguments: Arguments<CheckCredits>,
        request: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Error> {
        let CheckCredits {} = arguments.0?;
        let read = balance::credits(self.app());
        let report = self.unless_cancelled(&request, "Reading the balance.", async |_| read.await).await?;
        Ok(reply::credits(&report))
    }
}
