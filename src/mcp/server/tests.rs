//! The guard around a call, with a tool that exists only here.

use rmcp::ServiceExt;
use rmcp::handler::server::router::tool::ToolRoute;
use rmcp::model::{CallToolRequestParams, JsonObject};

use super::*;
use crate::config::{Config, Overrides, Surroundings};

/// Breaks in the middle of its work.
async fn break_down() -> String {
    tokio::task::yield_now().await;
    let nothing: Option<String> = None;
    nothing.unwrap()
}

#[tokio::test]
async fn a_panic_in_a_tool_is_an_answer() {
    let home = tempfile::tempdir().unwrap();
    let config = Config::load(&Overrides::default(), &Surroundings::only(home.path())).unwrap();
    let tool = Tool::new("break_down", "Breaks.", JsonObject::new());
    let router = tools::router().with_route(ToolRoute::new(tool, break_down));
    let server = Server::with_router(App::build(config).unwrap(), home.path().to_owned(), router);

    let (ours, theirs) = tokio::io::duplex(4096);
    let serving = tokio::spawn(async move { server.serve(ours).await.unwrap().waiting().await.unwrap() });
    let client = ().serve(theirs).await.unwrap();
    for _ in 0..2 {
        let answer = client.call_tool(CallToolRequestParams::new("break_down")).await.unwrap();
        assert_eq!(answer.is_error, Some(true));
        let text = answer.content[0].as_text().unwrap().text.clone();
        assert!(text.starts_with("internal: A mistake in firstcut stopped break_down."), "{text}");
        assert!(text.contains("not known whether credits were spent"), "{text}");
        assert!(text.contains("do not repeat"), "{text}");
        assert!(text.contains("list_jobs"), "{text}");
    }
    assert_eq!(client.list_all_tools().await.unwrap().len(), 10);
    client.cancel().await.unwrap();
    serving.await.unwrap();
}

#[test]
fn instructions_are_short_and_name_the_tools() {
    assert!(INSTRUCTIONS.len() < 4_096);
    for name in ["generate_video", "check_job", "edit_video", "export", "upload"] {
        assert!(INSTRUCTIONS.contains(name), "{name}");
    }
}
