//! Prompts as commands, and names completed while they are typed.

use serde_json::{Value, json};

use super::Pipe;

async fn completed(pipe: &mut Pipe, about: Value, name: &str, typed: &str) -> Value {
    let argument = json!({"name": name, "value": typed});
    let answer = pipe.request("completion/complete", json!({"ref": about, "argument": argument})).await;
    assert!(answer["result"]["completion"]["values"].is_array(), "{answer}");
    answer["result"]["completion"].clone()
}

#[tokio::test]
async fn prompts_name_only_tools_that_exist_and_start_nothing() {
    let mut pipe = Pipe::initialized().await;
    let tools = pipe.request("tools/list", json!({})).await;
    let tools: Vec<String> = tools["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect();
    let answer = pipe.request("prompts/list", json!({})).await;
    let prompts = answer["result"]["prompts"].as_array().unwrap().clone();
    let names: Vec<_> = prompts.iter().map(|prompt| prompt["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["make_video", "edit_video", "post_video"]);
    for prompt in &prompts {
        let mut arguments = json!({});
        for argument in prompt["arguments"].as_array().unwrap() {
            assert!(argument["title"].is_string() && argument["description"].is_string(), "{argument}");
            if argument["required"] == true {
                arguments[argument["name"].as_str().unwrap()] = json!("a fox in the snow");
            }
        }
        let name = prompt["name"].as_str().unwrap();
        let got = pipe.request("prompts/get", json!({"name": name, "arguments": arguments})).await;
        let message = &got["result"]["messages"][0];
        assert_eq!(
            (&message["role"], &message["content"]["type"]),
            (&json!("user"), &json!("text")),
            "{got}"
        );
        let text = message["content"]["text"].as_str().unwrap();
        assert!(text.contains("Nothing was") && text.contains("Look at the picture"), "{name}: {text}");
        assert!(text.len() < 4_000, "{name}: {} bytes", text.len());
        // Words with an underscore are names of tools, arguments or fields; none is invented.
        let fields = [
            "job_id",
            "session_id",
            "quote_token",
            "needs_approval",
            "duration_seconds",
            "aspect_ratio",
            "dry_run",
        ];
        for word in
            text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.contains('_'))
        {
            assert!(tools.iter().any(|tool| tool == word) || fields.contains(&word), "{name} says {word}");
        }
    }
    let wrong = pipe.request("prompts/get", json!({"name": "make_video"})).await;
    assert_eq!(wrong["error"]["code"], -32602, "{wrong}");
    // Nothing was written down by any of that.
    assert!(!pipe.home.path().join("ledger.sqlite").exists());
    pipe.hang_up().await;
}

#[tokio::test]
async fn names_are_completed_newest_first() {
    let mut pipe = Pipe::initialized().await;
    let job = json!({"type": "ref/resource", "uri": "firstcut://jobs/{job_id}"});
    let empty = completed(&mut pipe, job.clone(), "job_id", "").await;
    assert_eq!(empty, json!({"values": [], "total": 0, "hasMore": false}));

    let mut made = Vec::new();
    for number in 0..103 {
        let asked = json!({"prompt": format!("cloud {number}"), "wait_seconds": 0});
        let id = pipe.call_ok("generate_video", asked).await["job_id"].as_str().unwrap().to_owned();
        pipe.call_ok("cancel_job", json!({"job_id": id})).await;
        made.insert(0, id);
    }
    let all = completed(&mut pipe, job.clone(), "job_id", "").await;
    assert_eq!(all["values"], json!(made[..100]));
    assert_eq!(all["hasMore"], true);
    assert!(all.get("total").is_none(), "not counted: {all}");
    let newest = &made[0];
    let one = completed(&mut pipe, job.clone(), "job_id", newest).await;
    assert_eq!(one, json!({"values": [newest], "total": 1, "hasMore": false}));
    let digits = completed(&mut pipe, job.clone(), "job_id", &newest[4..]).await;
    assert_eq!(digits["values"], json!([newest]));
    for nothing in ["job_zz", "%", "' OR 1=1", "日"] {
        assert_eq!(
            completed(&mut pipe, job.clone(), "job_id", nothing).await["values"],
            json!([]),
            "{nothing}"
        );
    }
    // None of them made a file, so there is no picture to offer.
    let sheet = json!({"type": "ref/resource", "uri": "firstcut://jobs/{job_id}/contact-sheet"});
    assert_eq!(completed(&mut pipe, sheet, "job_id", "").await["values"], json!([]));

    let make = json!({"type": "ref/prompt", "name": "make_video"});
    let models = completed(&mut pipe, make.clone(), "model", "veo").await;
    assert!(models["values"].as_array().unwrap().contains(&json!("veo-3.1")), "{models}");
    let shapes = completed(&mut pipe, make.clone(), "aspect_ratio", "9").await;
    assert_eq!(shapes["values"][0], "9:16");
    assert_eq!(completed(&mut pipe, make, "prompt", "a").await["values"], json!([]));
    let post = json!({"type": "ref/prompt", "name": "post_video"});
    assert_eq!(completed(&mut pipe, post, "channel", "tik").await["values"], json!(["tiktok"]));

    for (about, name) in [
        (json!({"type": "ref/prompt", "name": "nothing"}), "prompt"),
        (json!({"type": "ref/prompt", "name": "make_video"}), "promt"),
        (json!({"type": "ref/resource", "uri": "firstcut://nothing/{id}"}), "id"),
        (json!({"type": "ref/resource", "uri": "firstcut://jobs/{job_id}"}), "id"),
    ] {
        let argument = json!({"name": name, "value": ""});
        let answer = pipe.request("completion/complete", json!({"ref": about, "argument": argument})).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    pipe.hang_up().await;
}

#[tokio::test]
async fn sessions_are_completed_by_their_beginning() {
    let mut pipe = Pipe::initialized().await;
    let home = pipe.home.clone();
    std::fs::write(home.path().join("kite.wav"), wav()).unwrap();
    let up = pipe.call_ok("upload", json!({"files": ["kite.wav"]})).await;
    let session = up["session_id"].as_str().unwrap();
    let about = json!({"type": "ref/resource", "uri": "firstcut://sessions/{session_id}/timeline"});
    let found = completed(&mut pipe, about.clone(), "session_id", &session[..3]).await;
    assert_eq!(found["values"], json!([session]));
    let edit = json!({"type": "ref/prompt", "name": "edit_video"});
    assert_eq!(completed(&mut pipe, edit, "session_id", "").await["values"], json!([session]));
    assert_eq!(completed(&mut pipe, about, "session_id", "zzz").await["values"], json!([]));
    pipe.hang_up().await;
}

/// A tenth of a second of silence.
fn wav() -> Vec<u8> {
    let samples = vec![0_u8; 1_600];
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + samples.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend((samples.len() as u32).to_le_bytes());
    file.extend(samples);
    file
}
