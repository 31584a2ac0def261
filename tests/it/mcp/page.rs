//! The page in the chat, as a host finds it, and the same page as a file of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::process::Command;

use super::Pipe;

const PAGE: &str = "ui://firstcut/video.html";
const MIME: &str = "text/html;profile=mcp-app";

#[tokio::test]
async fn hosts_find_the_page_by_the_tools_and_in_the_list() {
    let mut pipe = Pipe::initialized().await;
    let tools = pipe.request("tools/list", json!({})).await["result"]["tools"].clone();
    let with_page: Vec<_> = tools
        .as_array()
        .unwrap()
        .iter()
        .filter(|tool| tool["_meta"]["ui"]["resourceUri"] == PAGE && tool["_meta"]["ui/resourceUri"] == PAGE)
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(with_page, ["check_job", "edit_video", "export", "generate_video", "session_state"]);

    let list = pipe.request("resources/list", json!({})).await["result"]["resources"].clone();
    let listed = list.as_array().unwrap().iter().find(|one| one["uri"] == PAGE).unwrap();
    let answer = pipe.request("resources/read", json!({"uri": PAGE})).await;
    let contents = &answer["result"]["contents"][0];
    assert_eq!((&contents["mimeType"], &listed["mimeType"]), (&json!(MIME), &json!(MIME)));
    assert_eq!(contents["_meta"], listed["_meta"]);
    for domains in contents["_meta"]["ui"]["csp"].as_object().unwrap().values() {
        assert_eq!(domains, &json!([]), "the page asks for no network");
    }
    let html = contents["text"].as_str().unwrap();
    assert_eq!(
        (html, html.len()),
        (include_str!("../../../src/mcp/page/video.html"), listed["size"].as_u64().unwrap() as usize)
    );
    pipe.hang_up().await;
}

#[tokio::test]
async fn the_page_gets_the_video_and_nothing_else() {
    let mut pipe = Pipe::initialized().await;
    let asked = json!({"prompt": "a 1-second video of a kite", "resolution": "720p", "wait_seconds": 120});
    let made = pipe.call_ok("generate_video", asked).await;
    let (id, path) = (made["job_id"].as_str().unwrap(), made["files"][0]["path"].as_str().unwrap());
    let uri = format!("firstcut://jobs/{id}/video");
    let answer = pipe.request("resources/read", json!({"uri": uri})).await;
    let contents = &answer["result"]["contents"][0];
    assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(uri), &json!("video/mp4")));
    assert_eq!(BASE64.decode(contents["blob"].as_str().unwrap()).unwrap(), std::fs::read(path).unwrap());

    // The same page by hand: everything is inside it.
    let home = std::sync::Arc::clone(&pipe.home);
    let open = async |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firstcut"));
        command.args(["jobs", "show", id, "--open"]).args(words).env_clear();
        command.env("FIRSTCUT_HOME", home.path()).env("FIRSTCUT_SERVICE", "sandbox");
        let output = command.env("HOME", home.path()).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    for told in [open(&["--json", "--no-browser"]).await, open(&["--json"]).await] {
        // Without a screen nothing is opened, with or without leave.
        assert!(told["opened"] == false || cfg!(any(windows, target_os = "macos")), "{told}");
        let page = std::fs::read_to_string(told["page"].as_str().unwrap()).unwrap();
        let data =
            page.split_once("type=\"application/json\">").unwrap().1.split_once("</script>").unwrap().0;
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["result"]["structuredContent"]["job_id"], id);
        assert_eq!(data["prompt"], "a 1-second video of a kite");
        assert_eq!(data["result"]["content"][0]["mimeType"], "image/jpeg");
        assert!(data["video"].as_str().unwrap().starts_with("data:video/mp4;base64,"));
        assert!(!data["timeline"]["tracks"].as_array().unwrap().is_empty(), "{}", data["timeline"]);
        assert!(page.contains("default-src 'none'"), "a file has no host that holds it back");
    }

    // What is too large stays where it is; what is no video any more is not given away.
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_len(12_000_001).unwrap();
    let large = pipe.request("resources/read", json!({"uri": uri})).await;
    assert!(large["error"]["message"].as_str().unwrap().contains("too many"), "{large}");
    let told = open(&["--json", "--no-browser"]).await;
    let page = std::fs::read_to_string(told["page"].as_str().unwrap()).unwrap();
    assert!(page.contains("\"video\":\"file://") && page.len() < 1_000_000);
    std::fs::write(path, "a secret").unwrap();
    let other = pipe.request("resources/read", json!({"uri": uri})).await;
    assert!(other["error"]["message"].as_str().unwrap().contains("no video any more"), "{other}");
    pipe.hang_up().await;
}
