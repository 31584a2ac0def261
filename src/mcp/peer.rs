//! What the client at the other end of one request can do: it said so, and its protocol has it.

use rmcp::RoleServer;
use rmcp::service::RequestContext;

/// The abilities of one client that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Abilities {
    /// It speaks the protocol without `initialize`: state travels with each request, and questions to the user are
    /// answers of ours.
    pub(super) modern: bool,
    /// It takes a task for an answer. Clients of the older protocol declare that too, and would choke on one.
    pub(super) tasks: bool,
    /// It shows a form of ours to its user.
    pub(super) forms: bool,
}

impl Abilities {
    pub(super) fn of(request: &RequestContext<RoleServer>) -> Self {
        let modern = request.protocol_version().is_some_and(|version| !version.has_initialize());
        let declared = request.client_capabilities().unwrap_or_default();
        let tasks = modern && declared.supports_tasks();
        // A client that names no mode means forms, as the protocol once had nothing else.
        let forms = declared.elicitation.is_some_and(|modes| modes.form.is_some() || modes.url.is_none());
        Self { modern, tasks, forms }
    }
}
