//! The card that the server hands to every client: who it is, what it can do, and what to know first.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rmcp::model::{Icon, Implementation, ServerCapabilities, ServerConfig};

/// What an assistant reads once, before it sees any tool. Key facts first: clients cut at 4,096 characters.
pub(super) const INSTRUCTIONS: &str = include_str!("instructions.md");

/// Some clients draw no SVG; both are in the card itself, so that nobody must fetch anything.
const SVG: &[u8] = include_bytes!("icon.svg");
const PNG: &[u8] = include_bytes!("icon.png");

static CARD: LazyLock<ServerConfig> = LazyLock::new(|| {
    // Exactly what there is, in both eras.
    let capabilities = ServerCapabilities::builder()
        .enable_completions()
        .enable_prompts()
        .enable_resources()
        .enable_resources_subscribe()
        .enable_resources_list_changed()
        .enable_tools()
        .enable_tasks()
        .enable_skills()
        .build();
    let icon = |bytes, mime: &str, size: &str| {
        Icon::new(format!("data:{mime};base64,{}", BASE64.encode(bytes)))
            .with_mime_type(mime)
            .with_sizes(vec![size.to_owned()])
    };
    ServerConfig::new(capabilities)
        .with_server_info(
            Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
                .with_title("firstcut")
                .with_description(env!("CARGO_PKG_DESCRIPTION"))
                .with_icons(vec![icon(SVG, "image/svg+xml", "any"), icon(PNG, "image/png", "48x48")]),
        )
        .with_instructions(INSTRUCTIONS)
});

pub(super) fn card() -> ServerConfig {
    CARD.clone()
}
