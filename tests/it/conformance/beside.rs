//! Our handler, with the suite's own tools, prompts and resources beside ours.

use firstcut::mcp::Server;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CompleteRequestParams,
    CompleteResult, ContentBlock, ElicitRequestParams, GetPromptRequestParams, GetPromptResponse,
    GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult, InitializeRequestParams,
    InitializeResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ReadResourceRequestParams,
    ReadResourceResponse, Reference, RequestStateCodec, ServerConfig, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{rounds, words};

type Answer<T> = Result<T, ErrorData>;
type Context = RequestContext<RoleServer>;

pub(super) struct Beside {
    ours: Server,
    codec: RequestStateCodec,
}

/// A whole result that the suite describes as JSON.
fn whole<T: DeserializeOwned>(mut result: Value) -> T {
    result["resultType"] = json!("complete");
    read(result)
}

/// What the suite describes as JSON, as the SDK has it.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

impl Beside {
    pub(super) fn new(ours: Server) -> Self {
        let codec = RequestStateCodec::try_new("a key that is only good for tests").unwrap();
        Self { ours, codec }
    }

    /// A question to the user of an older client, and what came back.
    async fn ask(&self, name: &str, call: &CallToolRequestParams, request: &Context) -> Option<Value> {
        let message = call.arguments.as_ref().and_then(|given| given.get("message")).and_then(Value::as_str);
        let form: ElicitRequestParams = read(words::form(name, message)?);
        Some(match request.peer.create_elicitation(form).await {
            Ok(said) => {
                let said = format!("User response: {}", serde_json::to_string(&said).unwrap());
                json!({"content": [{"type": "text", "text": said}]})
            }
            Err(error) => {
                json!({"content": [{"type": "text", "text": error.to_string()}], "isError": true})
            }
        })
    }

    async fn progress(request: &Context) -> Value {
        for step in [0.0, 50.0, 100.0] {
            if let Some(token) = request.meta.get_progress_token() {
                let news = ProgressNotificationParam::new(token, step).with_total(100.0);
                request.peer.notify_progress(news).await.unwrap();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        json!({"content": [{"type": "text", "text": "Three steps were told."}]})
    }
}

impl ServerHandler for Beside {
    fn get_info(&self) -> ServerConfig {
        self.ours.get_info()
    }

    async fn initialize(&self, hello: InitializeRequestParams, request: Context) -> Answer<InitializeResult> {
        self.ours.initialize(hello, request).await
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Context,
    ) -> Answer<ListToolsResult> {
        let mut listed = self.ours.list_tools(page, request).await?;
        listed.tools.extend(words::tools());
        Ok(listed)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        words::tools().into_iter().find(|tool| tool.name == name).or_else(|| self.ours.get_tool(name))
    }

    async fn call_tool(&self, call: CallToolRequestParams, request: Context) -> Answer<CallToolResponse> {
        let name = call.name.to_string();
        if !words::is_tool(&name) {
            return self.ours.call_tool(call, request).await;
        }
        if let Some(round) = rounds::tool(&self.codec, &name, &call, &request)? {
            return Ok(round);
        }
        let result = match name.as_str() {
            "test_tool_with_progress" => Self::progress(&request).await,
            _ => match self.ask(&name, &call, &request).await {
                Some(said) => said,
                None => words::result(&name),
            },
        };
        Ok(whole::<CallToolResult>(result).into())
    }

    async fn get_task(&self, asked: GetTaskParams, request: Context) -> Answer<GetTaskResult> {
        self.ours.get_task(asked, request).await
    }

    async fn update_task(&self, update: UpdateTaskParams, request: Context) -> Answer<()> {
        self.ours.update_task(update, request).await
    }

    async fn cancel_task(&self, asked: CancelTaskParams, request: Context) -> Answer<()> {
        self.ours.cancel_task(asked, request).await
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Context,
    ) -> Answer<ListResourcesResult> {
        self.ours.list_resources(page, request).await
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Context,
    ) -> Answer<ListResourceTemplatesResult> {
        self.ours.list_resource_templates(page, request).await
    }

    async fn read_resource(
        &self,
        wanted: ReadResourceRequestParams,
        request: Context,
    ) -> Answer<ReadResourceResponse> {
        match words::resource(&wanted.uri) {
            Some(contents) => {
                let hints = json!({"contents": [contents], "ttlMs": 0, "cacheScope": "private"});
                Ok(ReadResourceResponse::Complete(whole(hints)))
            }
            None => self.ours.read_resource(wanted, request).await,
        }
    }

    #[expect(deprecated, reason = "the older protocol has nothing else")]
    async fn subscribe(&self, wanted: SubscribeRequestParams, request: Context) -> Answer<()> {
        match wanted.uri.starts_with("test://") {
            true => Ok(()),
            false => self.ours.subscribe(wanted, request).await,
        }
    }

    #[expect(deprecated, reason = "the older protocol has nothing else")]
    async fn unsubscribe(&self, unwanted: UnsubscribeRequestParams, request: Context) -> Answer<()> {
        match unwanted.uri.starts_with("test://") {
            true => Ok(()),
            false => self.ours.unsubscribe(unwanted, request).await,
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.ours.accepted_subscription_filter(requested)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Answer<()> {
        self.ours.listen(subscription).await
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Context,
    ) -> Answer<ListPromptsResult> {
        self.ours.list_prompts(page, request).await
    }

    async fn get_prompt(
        &self,
        wanted: GetPromptRequestParams,
        request: Context,
    ) -> Answer<GetPromptResponse> {
        if let Some(round) = rounds::prompt(&wanted) {
            return Ok(round);
        }
        match words::prompt(&wanted.name, wanted.arguments.as_ref()) {
            Some(messages) => Ok(GetPromptResponse::Complete(whole(json!({"messages": messages})))),
            None => self.ours.get_prompt(wanted, request).await,
        }
    }

    async fn complete(&self, about: CompleteRequestParams, request: Context) -> Answer<CompleteResult> {
        match &about.r#ref {
            Reference::Prompt(prompt) if prompt.name.starts_with("test_") => Ok(CompleteResult::default()),
            _ => self.ours.complete(about, request).await,
        }
    }

    async fn list_skills(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Context,
    ) -> Answer<ListSkillsResult> {
        self.ours.list_skills(page, request).await
    }

    async fn get_skill(&self, wanted: GetSkillRequestParams, request: Context) -> Answer<GetSkillResult> {
        self.ours.get_skill(wanted, request).await
    }
}

/// A text as the whole result.
pub(super) fn text(words: impl Into<String>) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(words)]).into()
}
