//! What a client may read beside the answers of tools: jobs, their pictures, timelines, models, and the files that come
//! with the program.

use rmcp::model::{
    CacheScope, ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams, ReadResourceResult,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::json;

use crate::error::{Error, Kind};
use crate::mcp::reply;
use crate::mcp::server::{LIST_TTL_MS, Server};
use crate::redact;

pub(super) mod address;
pub(super) mod built_in;
mod contents;
mod listing;

pub(super) use address::Address;

/// How long a client may keep what the catalog says: a user may put another file in its place.
const MODELS_TTL_MS: u64 = 60_000;

impl Server {
    pub(super) async fn resources(
        &self,
        page: Option<PaginatedRequestParams>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = page.and_then(|page| page.cursor);
        let listed = listing::page(self.app(), cursor.as_deref()).await;
        listed
            .map(|listed| listed.with_ttl_ms(0).with_cache_scope(CacheScope::Private))
            .map_err(|error| refusal(&error))
    }

    pub(super) fn resource_templates() -> ListResourceTemplatesResult {
        ListResourceTemplatesResult::with_all_items(listing::templates())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Public)
    }

    /// What stands at this address, unless the client gives up first.
    pub(super) async fn resource(
        &self,
        uri: &str,
        request: &RequestContext<RoleServer>,
    ) -> Result<ReadResourceResult, ErrorData> {
        if let Some(file) = built_in::all().into_iter().find(|file| file.listed.uri == uri) {
            let contents = vec![file.contents()];
            return Ok(ReadResourceResult::new(contents)
                .with_ttl_ms(LIST_TTL_MS)
                .with_cache_scope(CacheScope::Public));
        }
        let address: Address = uri.parse().map_err(|_| unknown(uri))?;
        let read = tokio::select! {
            biased;
            () = request.ct.cancelled() => Err(Error::new(Kind::Cancelled, "The request was cancelled.")),
            read = contents::read(self.app(), &address) => read,
        };
        let ttl_ms = if address.is_alive() { 0 } else { MODELS_TTL_MS };
        read.map(|contents| {
            ReadResourceResult::new(contents).with_ttl_ms(ttl_ms).with_cache_scope(CacheScope::Private)
        })
        .map_err(|error| refusal(&error))
    }
}

/// Nothing stands at this address.
pub(super) fn unknown(uri: &str) -> ErrorData {
    let hint = match uri.starts_with("file:") {
        true => "files lie on the user's computer and are opened there",
        false => "resources/list and resources/templates/list show what there is",
    };
    let shown = redact::quote(uri, 200);
    ErrorData::resource_not_found(
        format!("There is no resource {shown}; {hint}."),
        Some(json!({"uri": shown})),
    )
}

/// An error for requests that are no tool calls: its message stands alone, as a tool's would.
pub(super) fn refusal(error: &Error) -> ErrorData {
    let message = reply::error_words(error);
    let data = json!({
        "code": error.kind().code(),
        "money": error.spent().code(),
        "next": error.next_step(),
    });
    match error.kind() {
        Kind::NotFound | Kind::SessionLost => ErrorData::resource_not_found(message, Some(data)),
        Kind::InvalidInput => ErrorData::invalid_params(message, Some(data)),
        _ => ErrorData::internal_error(message, Some(data)),
    }
}
