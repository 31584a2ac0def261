//! What an assistant reads before it calls: the list of tools as a contract, one snapshot per tool.

use serde_json::{Value, json};

use super::Pipe;

/// Name, and whether it reads only, may destroy, may be repeated without further effect, and reaches outside.
pub(super) const TOOLS: [(&str, [Option<bool>; 4]); 12] = [
    ("cancel_job", [Some(false), Some(true), Some(true), Some(true)]),
    ("check_credits", [Some(true), None, None, Some(true)]),
    ("check_job", [Some(true), None, None, Some(false)]),
    ("edit_video", [Some(false), Some(true), Some(false), Some(true)]),
    ("estimate_cost", [Some(true), None, None, Some(true)]),
    ("export", [Some(false), Some(false), Some(false), Some(true)]),
    ("generate_video", [Some(false), Some(false), Some(false), Some(true)]),
    ("list_jobs", [Some(true), None, None, Some(false)]),
    ("publish", [Some(false), Some(false), Some(true), Some(true)]),
    ("session_state", [Some(true), None, None, Some(true)]),
    ("update_template", [Some(false), Some(true), Some(false), Some(true)]),
    ("upload", [Some(false), Some(false), Some(false), Some(true)]),
];

/// Tokens that the whole list may cost.
const BUDGET: usize = 3_000;

/// What the server says that it can do: exactly what it does, in both eras.
fn capabilities() -> Value {
    json!({
        "extensions": {"io.modelcontextprotocol/skills": {}},
        "completions": {},
        "prompts": {},
        "resources": {"subscribe": true, "listChanged": true},
        "tools": {},
    })
}

async fn listed() -> Vec<Value> {
    let mut pipe = Pipe::initialized().await;
    let answer = pipe.request("tools/list", json!({})).await;
    let Value::Array(tools) = answer["result"]["tools"].clone() else { panic!("no list in {answer}") };
    pipe.hang_up().await;
    tools
}

#[tokio::test]
async fn both_eras_see_the_same_tools() {
    let old = listed().await;

    let mut pipe = Pipe::open();
    let discovered = pipe.modern("server/discover", json!({})).await;
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap().clone();
    for version in ["2025-11-25", "2026-07-28"] {
        assert!(versions.contains(&json!(version)), "{version} in {versions:?}");
    }
    let mut expected = capabilities();
    expected["extensions"]["io.modelcontextprotocol/tasks"] = json!({});
    assert_eq!(discovered["result"]["capabilities"], expected);
    let answer = pipe.modern("tools/list", json!({})).await;
    let result = &answer["result"];
    assert_eq!(result["tools"], json!(old));
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["cacheScope"], "public");
    assert!(result["ttlMs"].as_u64().unwrap() > 0);
    pipe.hang_up().await;
}

#[tokio::test]
async fn the_server_says_who_it_is() {
    let mut pipe = Pipe::open();
    let hello = pipe.request("initialize", super::initialize_params()).await;
    let result = &hello["result"];
    assert_eq!(result["serverInfo"]["name"], "firstcut");
    assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(result["capabilities"], capabilities(), "nothing that is not there is declared");
    // Small, and without anything to fetch.
    let icons = result["serverInfo"]["icons"].as_array().unwrap();
    let mimes: Vec<_> = icons.iter().map(|icon| icon["mimeType"].as_str().unwrap()).collect();
    assert_eq!(mimes, ["image/svg+xml", "image/png"]);
    for icon in icons {
        let src = icon["src"].as_str().unwrap();
        assert!(src.starts_with("data:image/") && src.len() < 600, "{src}");
    }
    let instructions = result["instructions"].as_str().unwrap();
    assert!(instructions.len() < 4_096);
    assert!(instructions.starts_with("firstcut makes and edits videos"));
    pipe.hang_up().await;
}

#[tokio::test]
async fn each_tool_is_as_the_snapshot_has_it() {
    for tool in listed().await {
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            description => "A change here is a change for every assistant: name it in the changelog.",
            omit_expression => true,
        }, {
            insta::assert_json_snapshot!(format!("tool-{}", tool["name"].as_str().unwrap()), tool);
        });
    }
}

#[tokio::test]
async fn names_titles_and_annotations_are_true() {
    let tools = listed().await;
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, TOOLS.map(|(name, _)| name));
    for (tool, (name, hints)) in tools.iter().zip(TOOLS) {
        // Cursor hides tools whose name with the server's is longer than 60; model interfaces refuse dots.
        assert!("firstcut".len() + 1 + name.len() <= 60);
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(tool["title"].as_str().is_some_and(|title| !title.is_empty()), "{name} has no title");
        assert!(tool["description"].as_str().is_some_and(|words| words.len() < 1_024), "{name}");
        let given = &tool["annotations"];
        let keys = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
        assert_eq!(keys.map(|key| given.get(key).and_then(Value::as_bool)), hints, "{name}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
    }
}

#[tokio::test]
async fn schemas_are_described_and_portable() {
    for tool in listed().await {
        let name = tool["name"].as_str().unwrap();
        let input = &tool["inputSchema"];
        assert_eq!(input["additionalProperties"], false, "{name}");
        let mut silent = Vec::new();
        undescribed(input, &mut silent);
        assert!(silent.is_empty(), "{name}: {silent:?} are not described");
        let needed = input.get("required").cloned().unwrap_or(json!([]));
        for argument in needed.as_array().unwrap() {
            let argument = argument.as_str().unwrap();
            assert!(["prompt", "instruction", "job_id"].contains(&argument), "{name} requires {argument}");
        }
        let mut strange = Vec::new();
        walk(input, &mut strange);
        walk(&tool["outputSchema"], &mut strange);
        assert!(strange.is_empty(), "{name}: {strange:?}");
    }
}

/// Collects the arguments without a description, those within arguments too.
fn undescribed(schema: &Value, silent: &mut Vec<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        let of = |rule: &Value| rule["description"].as_str().unwrap_or_default().is_empty();
        silent.extend(properties.iter().filter(|(_, rule)| of(rule)).map(|(name, _)| name.clone()));
    }
    match schema {
        Value::Object(object) => object.values().for_each(|value| undescribed(value, silent)),
        Value::Array(several) => several.iter().for_each(|one| undescribed(one, silent)),
        _ => {}
    }
}

/// Collects what some client is known to refuse or to complain about.
fn walk(schema: &Value, strange: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                let fine = match key.as_str() {
                    "$schema" | "nullable" => false,
                    "format" if value.is_string() => value == "uri" || value == "date-time",
                    // Unions of types and null as a type: some model interfaces take neither.
                    "type" if value.is_array() => false,
                    "type" if value.is_string() => value != "null",
                    "default" => !value.is_null(),
                    _ => true,
                };
                if !fine {
                    strange.push(format!("{key}: {value}"));
                }
                walk(value, strange);
            }
        }
        Value::Array(several) => several.iter().for_each(|one| walk(one, strange)),
        _ => {}
    }
}

#[tokio::test]
async fn the_list_is_cheap() {
    let mut total = 0;
    for tool in listed().await {
        let shown = json!({
            "name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"],
        });
        // Four bytes a token overstates what the tokenisers of today make of schemas.
        let tokens = shown.to_string().len().div_ceil(4);
        println!("{:>5} tokens  {}", tokens, tool["name"].as_str().unwrap());
        total += tokens;
    }
    println!("{total:>5} tokens  the whole list");
    assert!(total <= BUDGET, "{total} tokens");
}
