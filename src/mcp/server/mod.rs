//! The MCP server: who it is, which tools it has, and the guard around every call.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskMethod, CancelTaskParams,
    CompleteRequestParams, CompleteResult, ConstString, GetPromptRequestParams, GetPromptResponse,
    GetSkillRequestParams, GetSkillResult, GetTaskMethod, GetTaskParams, GetTaskResult,
    InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListSkillsResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerConfig, SubscribeRequestParams,
    SubscriptionFilter, TASKS_EXTENSION_ID, Tool, UnsubscribeRequestParams, UpdateTaskMethod,
    UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::{Error, Kind, Money};
use crate::jobs::plan::{Caller, Door};
use crate::mcp::peer::Abilities;
use crate::mcp::subscriptions::Subscriptions;
use crate::mcp::{approval, arguments, prompts, reply, resources, skill, tools};

mod card;

/// How long a client may keep what only changes with the program.
pub(super) const LIST_TTL_MS: u64 = 3_600_000;

/// One assistant's server; cheap to clone. Clones share what the assistant has subscribed to: another connection needs
/// [`Server::for_another`].
#[derive(Clone)]
pub struct Server {
    app: App,
    caller: Arc<Caller>,
    router: Arc<ToolRouter<Self>>,
    subscriptions: Subscriptions,
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
        Self {
            subscriptions: Subscriptions::new(app.clone()),
            app,
            caller: Arc::new(Caller { door: Door::Mcp, working_dir }),
            router: Arc::new(router),
            leaving: CancellationToken::new(),
        }
    }

    /// A server for callers that come over HTTP. Their relative paths start at the output folder; see [`Door::Remote`].
    #[must_use]
    pub fn remote(app: App, leaving: CancellationToken) -> Self {
        let caller = Caller { door: Door::Remote, working_dir: app.config().output_dir.clone() };
        Self { caller: Arc::new(caller), leaving, ..Self::new(app, PathBuf::new()) }
    }

    /// The same server for one more connection, which works on nothing yet.
    #[must_use]
    pub fn for_another(&self) -> Self {
        let app = self.app.for_another();
        Self { subscriptions: Subscriptions::new(app.clone()), app, ..self.clone() }
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

    pub(super) fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// The published tool of that name.
    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.router.get(name)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        card::card()
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
        Ok(answer)
    }

    async fn get_task(
        &self,
        asked: GetTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        modern::<GetTaskMethod>(&request)?;
        guarded("tasks/get", self.told_task(&asked, &request)).await
    }

    async fn update_task(
        &self,
        update: UpdateTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        modern::<UpdateTaskMethod>(&request)?;
        guarded("tasks/update", self.answered_task(&update, &request)).await
    }

    async fn cancel_task(
        &self,
        asked: CancelTaskParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        modern::<CancelTaskMethod>(&request)?;
        guarded("tasks/cancel", self.cancelled_task(&asked)).await
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        request: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.has_seen_the_list(&request).await;
        guarded("resources/list", self.resources(page)).await
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(Self::resource_templates())
    }

    async fn read_resource(
        &self,
        wanted: ReadResourceRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        guarded("resources/read", self.resource(&wanted.uri, &request)).await.map(Into::into)
    }

    async fn subscribe(
        &self,
        wanted: SubscribeRequestParams,
        request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        guarded("resources/subscribe", self.subscribe_to(&wanted.uri, &request)).await
    }

    async fn unsubscribe(
        &self,
        unwanted: UnsubscribeRequestParams,
        _request: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.unsubscribe_from(&unwanted.uri).await
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(Self::tellable(requested))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        tokio::select! {
            () = self.tell_news(subscription) => {}
            () = self.leaving.cancelled() => {}
        }
        Ok(())
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(prompts::list())
    }

    async fn get_prompt(
        &self,
        wanted: GetPromptRequestParams,
        _request: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&wanted.name, wanted.arguments).map(Into::into)
    }

    async fn complete(
        &self,
        about: CompleteRequestParams,
        _request: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        guarded("completion/complete", self.completion(about)).await
    }

    async fn list_skills(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: RequestContext<RoleServer>,
    ) -> Result<ListSkillsResult, ErrorData> {
        Ok(skill::list())
    }

    async fn get_skill(
        &self,
        wanted: GetSkillRequestParams,
        _request: RequestContext<RoleServer>,
    ) -> Result<GetSkillResult, ErrorData> {
        skill::get(&wanted.uri)
    }
}

/// Refuses what only the newer protocol has.
fn modern<M: ConstString>(request: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    if Abilities::of(request).modern { Ok(()) } else { Err(ErrorData::method_not_found::<M>()) }
}

/// A panic would leave the client waiting for ever; it becomes an error.
async fn guarded<T>(method: &str, work: impl Future<Output = Result<T, ErrorData>>) -> Result<T, ErrorData> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        let error = Error::internal(format!("A mistake in firstcut stopped {method}. Nothing was sent."))
            .next("Report the mistake; the tools work without it.");
        Err(resources::refusal(&error))
    })
}

fn unknown_tool(router: &ToolRouter<Server>, name: &str) -> ErrorData {
    let tools = router.list_all();
    let hint = arguments::hint(name, tools.iter().map(|tool| tool.name.as_ref()));
    ErrorData::invalid_params(format!("Unknown tool: {}; {hint}", crate::redact::quote(name, 60)), None)
}

fn broken(tool: &str) -> Error {
    Error::new(Kind::Internal, format!("A mistake in firstcut stopped {tool}.")).money(Money::Unknown).next(
        "Call list_jobs to see what was accepted before you start anything again, and report the mistake.",
    )
}

#[cfg(test)]
mod tests;
