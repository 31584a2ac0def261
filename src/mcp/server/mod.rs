//! The MCP server: who it is, which tools it has, and the guard around every call.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskMethod, CancelTaskParams,
    CompleteRequestMethod, CompleteRequestParams, CompleteResult, ConstString, GetTaskMethod, GetTaskParams,
    GetTaskResult, Implementation, InitializeRequestParams, InitializeResult, ListPromptsRequestMethod,
    ListPromptsResult, ListResourceTemplatesRequestMethod, ListResourceTemplatesResult,
    ListResourcesRequestMethod, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, TASKS_EXTENSION_ID, Tool, UpdateTaskMethod, UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Money};
use crate::jobs::plan::{Caller, Door};
use crate::mcp::peer::Abilities;
use crate::mcp::{approval, arguments, reply, tools};

/// What an assistant reads once, before it sees any tool. Key facts first: clients cut at 4,096 characters.
const INSTRUCTIONS: &str = include_str!("instructions.md");

/// How long a client may keep the list of tools: it only changes with the program.
const LIST_TTL_MS: u64 = 3_600_000;

/// One assistant's server; cheap to clone.
#[derive(Clone)]
pub struct Server {
    app: App,
    caller: Arc<Caller>,
    router: Arc<ToolRouter<Self>>,
    /// Tripped when the program is about to end: whoever waits is answered then.
    leaving: CancellationToken,
}

impl Server {
    /// A server whose relative paths start at `working_dir`. Nothing is opened or contacted.
    #[must_use]
    pub fn new(app: App, working_dir: PathBuf) -> Self {
        Self::with_router(app, working_dir, tools::router())
    }

    fn with_router(app: App, working_dir: PathBuf, router: ToolRouter<Self>) -> Self {
        let caller = Caller { door: Door::Mcp, working_dir };
        Self { app, caller: Arc::new(caller), router: Arc::new(router), leaving: CancellationToken::new() }
    }

    /// A server for callers that come over HTTP. Their relative paths start at the output folder; see [`Door::Remote`].
    pub(super) fn remote(app: App, leaving: CancellationToken) -> Self {
        let working_dir = app.config().output_dir.clone();
        let caller = Arc::new(Caller { door: Door::Remote, working_dir });
        Self { caller, leaving, ..Self::new(app, PathBuf::new()) }
    }

    /// The same for another connection, which works on nothing yet.
    pub(super) fn for_another(&self) -> Self {
        Self { app: self.app.for_another(), ..self.clone() }
    }

    /// Tripped when the program is about to end.
    pub(super) fn leaving(&self) -> &CancellationToken {
        &self.leaving
    }

    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The published tool of that name.
    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.router.get(name)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tasks().build())
            .with_server_info(
                Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
                    .with_title("firstcut")
                    .with_description(env!("CARGO_PKG_DESCRIPTION")),
            )
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.router.list_all())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        mut request: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.router.has_route(&call.name) {
            return Err(unknown_tool(&self.router, &call.name));
        }
        let tool = call.name.clone();
        let work = async {
            let able = Abilities::of(&request);
            if able.modern && able.forms {
                request.extensions.insert(approval::Call::of(&call));
            }
            if able.modern && call.request_state.is_some() {
                return self.resumed(&call, &request).await;
            }
            self.router.call(ToolCallContext::new(self, call, request)).await
        };
        // Without this guard a panic would leave the client waiting for ever.
        AssertUnwindSafe(work)
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Ok(reply::error(&broken(&tool)).into()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tool(name).cloned()
    }

    /// The older protocol has no tasks, whatever its clients declare.
    async fn initialize(
        &self,
        hello: InitializeRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        request.peer.set_peer_info(hello.clone());
        let mut answer = self.negotiate_initialize(&hello)?;
        if let Some(extensions) = &mut answer.capabilities.extensions {
            extensions.remove(TASKS_EXTENSION_ID);
        }
        answer.capabilities.extensions = answer.capabilities.extensions.filter(|some| !some.is_empty());
        Ok(answer)
    }

    async fn get_task(
        &self,
        asked: GetTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        modern::<GetTaskMethod>(&request)?;
        self.told_task(&asked, &request).await
    }

    async fn update_task(
        &self,
        update: UpdateTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        modern::<UpdateTaskMethod>(&request)?;
        self.answered_task(&update, &request).await
    }

    async fn cancel_task(
        &self,
        asked: CancelTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        modern::<CancelTaskMethod>(&request)?;
        self.cancelled_task(&asked).await
    }

    // What is not declared does not exist; the SDK would answer with empty lists.

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(absent::<ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(absent::<ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(absent::<ListResourceTemplatesRequestMethod>())
    }

    async fn complete(
        &self,
        _about: CompleteRequestParams,
        _request: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Err(absent::<CompleteRequestMethod>())
    }
}

/// Refuses what only the newer protocol has.
fn modern<M: ConstString>(request: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    if Abilities::of(request).modern { Ok(()) } else { Err(absent::<M>()) }
}

fn absent<M: ConstString>() -> ErrorData {
    ErrorData::method_not_found::<M>()
}

fn unknown_tool(router: &ToolRouter<Server>, name: &str) -> ErrorData {
    let tools = router.list_all();
    let names = || tools.iter().map(|tool| tool.name.as_ref());
    let hint = match arguments::nearest(name, names()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}.", names().collect::<Vec<_>>().join(", ")),
    };
    ErrorData::invalid_params(format!("Unknown tool: {}; {hint}", crate::redact::quote(name, 60)), None)
}

fn broken(tool: &str) -> Error {
    Error::new(Kind::Internal, format!("A mistake in firstcut stopped {tool}.")).money(Money::Unknown).next(
        "Call list_jobs to see what was accepted before you start anything again, and report the mistake.",
    )
}

#[cfg(test)]
mod tests;
