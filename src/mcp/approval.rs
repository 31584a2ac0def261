//! Asking the user to agree to a price, in the client's own dialog where it has one.
//!
//! Older clients are asked while the call waits, and no longer than the call may wait. Newer ones get the question as
//! the answer to their call, and make the call again with what the user said. Everybody else gets a quote token.

use std::time::{Duration, Instant};

use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ElicitRequest, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationSchema, InputRequest, InputRequests, InputRequiredResult, InputResponses,
    RequestStateCodec, SealOptions,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::jobs::money::approve;
use crate::jobs::money::approve::Question;
use crate::jobs::submit::Submitted;
use crate::jobs::{cancel, report};
use crate::mcp::look::Look;
use crate::mcp::peer::Abilities;
use crate::mcp::progress::telling;
use crate::mcp::server::Server;
use crate::model::job::{Job, JobId, State};

/// Names the question among those of a task or a round; a job asks once in its life.
const QUESTION: &str = "approval";

/// The call that a question is put in: the answer to it counts for no other.
#[derive(Clone, Debug)]
pub(super) struct Call(Vec<u8>);

impl Call {
    pub(super) fn of(call: &CallToolRequestParams) -> Self {
        let mut arguments = Value::Object(call.arguments.clone().unwrap_or_default());
        // A client may write the same arguments down in another order.
        arguments.sort_all_objects();
        Self(format!("tools/call {} {arguments}", call.name).into_bytes())
    }
}

/// What is sealed into the state of a round.
#[derive(Deserialize, Serialize)]
struct Sealed {
    job: JobId,
}

/// What the user said.
pub(super) enum Word {
    Yes,
    No,
    /// The question was closed without an answer.
    Closed,
}

impl Word {
    pub(super) fn of(action: &ElicitationAction) -> Self {
        match action {
            ElicitationAction::Accept => Self::Yes,
            ElicitationAction::Decline => Self::No,
            _ => Self::Closed,
        }
    }
}

/// What came of asking.
pub(super) enum Answered {
    /// The job as it is now; with a remark where that needs one.
    Job(Box<Job>, Option<&'static str>),
    /// The client must ask, and call again.
    Round(InputRequiredResult),
}

/// The question as a form without fields: accepting it is the answer.
fn form(question: &Question) -> ElicitRequestParams {
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.words.clone(),
        requested_schema: ElicitationSchema::new(Default::default()),
    }
}

/// The question under its name.
pub(super) fn request(question: &Question) -> (String, InputRequest) {
    (QUESTION.to_owned(), InputRequest::Elicitation(ElicitRequest::new(form(question))))
}

/// What the user did with the question, if that is among the answers.
pub(super) fn action(answers: &InputResponses) -> Option<ElicitationAction> {
    let answer: ElicitResult = serde_json::from_value(answers.get(QUESTION)?.clone()).ok()?;
    Some(answer.action)
}

impl Server {
    /// Asks the user about a job that waits for it, as far as this client can.
    pub(super) async fn ask(
        &self,
        request: &RequestContext<RoleServer>,
        job: Job,
        patience: Duration,
    ) -> Result<Answered> {
        let able = Abilities::of(request);
        let question = approve::question(self.app(), &job).filter(|_| able.forms && !patience.is_zero());
        let Some(question) = question else { return Ok(Answered::Job(Box::new(job), None)) };
        if able.modern {
            return match request.extensions.get::<Call>() {
                Some(call) => self.round(call, &job, &question).map(Answered::Round),
                None => Ok(Answered::Job(Box::new(job), None)),
            };
        }
        let said = telling(request, "Waiting for the user to agree to the price.", async |_| {
            tokio::select! {
                biased;
                () = request.ct.cancelled() => None,
                () = self.leaving().cancelled() => None,
                said = request.peer.create_elicitation_with_timeout(form(&question), Some(patience)) => said
                    .inspect_err(|error| tracing::debug!(%error, "the question about a price was not answered"))
                    .ok(),
            }
        })
        .await;
        match said {
            Some(said) => self.settle(job, &Word::of(&said.action)).await,
            None => Ok(Answered::Job(Box::new(job), Some("The user has not answered yet."))),
        }
    }

    /// Does what the user said.
    async fn settle(&self, job: Job, word: &Word) -> Result<Answered> {
        let settled = match word {
            Word::Yes => approve::approve(self.app(), &job.id, None).await,
            Word::No => cancel::cancel(self.app(), &job.id).await,
            Word::Closed => {
                let remark = "The user closed the question without an answer; nothing was sent or spent.";
                return Ok(Answered::Job(Box::new(job), Some(remark)));
            }
        };
        match settled {
            Ok(job) => Ok(Answered::Job(Box::new(job), None)),
            Err(error) => {
                // Somebody else may have settled it meanwhile, at a terminal perhaps.
                let job = report::find(self.app(), &job.id).await?;
                if job.state == State::NeedsApproval {
                    return Err(error);
                }
                Ok(Answered::Job(Box::new(job), None))
            }
        }
    }

    /// The question as an answer, with what is needed to recognise the call that comes back.
    fn round(&self, call: &Call, job: &Job, question: &Question) -> Result<InputRequiredResult> {
        let how = SealOptions::new().associated_data(&call.0).ttl(Duration::from_millis(question.valid_ms));
        let state = self
            .codec()?
            .seal_json_with(&Sealed { job: job.id.clone() }, &how)
            .map_err(|error| Error::internal("A question cannot be sealed.").because(error))?;
        Ok(InputRequiredResult::new(Some(InputRequests::from([request(question)])), Some(state)))
    }

    /// A call that comes back with what the user said.
    pub(super) async fn resumed(
        &self,
        call: &CallToolRequestParams,
        request: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let state = call.request_state.as_deref().unwrap_or_default();
        match self.codec().map(|codec| codec.open_json_with(state, &Call::of(call).0)) {
            Ok(Ok(sealed)) => self.go_on(sealed, call, request).await.into_call_tool_result(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a state that came back was refused");
                Err(unknown())
            }
            Err(error) => error.into_call_tool_result(),
        }
    }

    async fn go_on(
        &self,
        Sealed { job }: Sealed,
        call: &CallToolRequestParams,
        request: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse> {
        let job = report::find(self.app(), &job).await?;
        let argument = |name: &str| call.arguments.as_ref().and_then(|arguments| arguments.get(name));
        let look = Look::new(
            argument("preview").and_then(Value::as_str),
            argument("strict").and_then(Value::as_bool).unwrap_or_default(),
        )?;
        let wait_seconds = argument("wait_seconds").and_then(Value::as_f64);
        match call.input_responses.as_ref().and_then(action) {
            Some(action) if job.state == State::NeedsApproval => {
                let answered = self.settle(job, &Word::of(&action)).await?;
                self.answer(request, answered, true, self.patience(request, wait_seconds), look).await
            }
            // Settled elsewhere, or the answer was left out and is asked for again.
            _ => {
                self.outcome(request, Submitted { job, fresh: true }, wait_seconds, look, Instant::now())
                    .await
            }
        }
    }

    fn codec(&self) -> Result<RequestStateCodec> {
        RequestStateCodec::try_new(approve::key(self.app())?.reveal())
            .map_err(|error| Error::internal("The key for sealing questions is damaged.").because(error))
    }
}

/// For a state that we did not seal, or not for this call, or too long ago. Which of these is nobody's business.
fn unknown() -> ErrorData {
    ErrorData::invalid_params(
        "This requestState belongs to no question that still stands for this very call. Nothing was sent or spent. \
         Make the call again without requestState and inputResponses: the question is put anew.",
        None,
    )
}
