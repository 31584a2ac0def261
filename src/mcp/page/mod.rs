//! The page in the chat (MCP Apps, 2026-01-26): one file that shows a job or a timeline beside the answer of a tool.
//!
//! It asks for no network: what it shows comes with the tool's result, or through the host from our resources. Hosts
//! without such pages pass over the names that are given here.

use rmcp::model::{Annotations, JsonObject, MetaObject, Resource, Role};
use serde_json::{Value, json};

use crate::mcp::resources::built_in::BuiltIn;

/// Where hosts find it.
const URI: &str = "ui://firstcut/video.html";
/// What makes a resource a page for hosts.
const MIME: &str = "text/html;profile=mcp-app";
/// The page itself.
const HTML: &str = include_str!("video.html");
/// Stands in the page where a file that is opened by itself has its data.
const DATA: &str = "<!--data-->";

/// No larger video is given to the page; the same number stands in the page.
pub const MAX_VIDEO_BYTES: u64 = 12_000_000;

/// What a tool says that has a page; the second name is that of older hosts.
pub(super) fn of_tool() -> MetaObject {
    MetaObject(object(json!({ "ui": { "resourceUri": URI }, "ui/resourceUri": URI })))
}

/// The page, for hosts that read it and for lists.
pub(super) fn file() -> BuiltIn {
    let listed = Resource::new(URI, "video-page")
        .with_title("Page of a video")
        .with_description("Shows a job or a timeline in chats that show pages.")
        .with_mime_type(MIME)
        .with_size(HTML.len() as u64)
        .with_annotations(Annotations::default().with_audience(vec![Role::User]).with_priority(0.1))
        .with_meta(needs());
    BuiltIn { listed, text: HTML, meta: Some(needs()) }
}

/// What the page needs of its host: no address to contact, and a border, for it draws none around itself.
fn needs() -> MetaObject {
    let none: [&str; 0] = [];
    let csp = json!({ "connectDomains": none, "resourceDomains": none, "frameDomains": none, "baseUriDomains": none });
    MetaObject(object(json!({ "ui": { "csp": csp, "prefersBorder": true } })))
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

/// What a browser may do with the page when no host says so: show what is in it, and play a file of this machine.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                      media-src data: file:";

/// The page as a file of its own, with what it shows inside.
#[must_use]
pub fn with_data(data: &Value) -> String {
    // Nothing in the data can end the element that holds it.
    let data = data.to_string().replace('<', "\\u003c");
    let policy = format!("<head>\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    HTML.replacen("<head>", &policy, 1).replacen(
        DATA,
        &format!("<script id=\"data\" type=\"application/json\">{data}</script>"),
        1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small_whole_and_writes_no_markup() {
        assert!(HTML.len() <= 60_000, "{}", HTML.len());
        for word in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "src=\"", "http:"]
        {
            assert!(!HTML.contains(word), "{word}");
        }
        assert!(HTML.contains(&format!("MAX_BYTES = {}e6;", MAX_VIDEO_BYTES / 1_000_000)));
        assert_eq!(HTML.matches(DATA).count(), 1);
    }

    #[test]
    fn data_cannot_leave_its_place() {
        let page = with_data(&json!({ "message": "</script><script>alert(1)</script><!--" }));
        assert!(!page.contains("<script>alert"));
        let held =
            page.split_once("type=\"application/json\">").unwrap().1.split_once("</script>").unwrap().0;
        let back: Value = serde_json::from_str(held).unwrap();
        assert_eq!(back["message"], "</script><script>alert(1)</script><!--");
    }
}
