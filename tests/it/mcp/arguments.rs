//! Wrong arguments: each is named in an error that stands alone, before anything is sent.

use serde_json::json;

use super::Pipe;

#[tokio::test]
async fn wrong_arguments_are_named() {
    let mut pipe = Pipe::initialized().await;
    for (tool, arguments, told) in [
        ("generate_video", json!({}), "The argument prompt is missing"),
        ("generate_video", json!({"prompt": 7}), "prompt must be text, not 7"),
        ("generate_video", json!({"prompt": "a", "duration": 5}), "did you mean duration_seconds?"),
        (
            "generate_video",
            json!({"prompt": "a", "duration_seconds": "ten"}),
            "must be a number between 1 and 300, not the text \"ten\"",
        ),
        ("generate_video", json!({"prompt": "a", "duration_seconds": 0}), "between 1 and 300, not 0"),
        ("generate_video", json!({"prompt": "a", "duration_seconds": -1}), "between 1 and 300, not -1"),
        ("generate_video", json!({"prompt": "a", "duration_seconds": 4000}), "between 1 and 300, not 4000"),
        (
            "generate_video",
            json!({"prompt": "a", "wait_seconds": -1}),
            "wait_seconds must be a number of at least 0, not -1",
        ),
        (
            "generate_video",
            json!({"prompt": "a", "service": "sora"}),
            "service must be one of nemo, skillboss, sandbox",
        ),
        (
            "generate_video",
            json!({"prompt": "a", "max_cost_usd": -0.5}),
            "max_cost_usd must be a number of at least 0",
        ),
        (
            "generate_video",
            json!({"prompt": "a", "reference_images": [1]}),
            "reference_images[0] must be text",
        ),
        ("generate_video", json!({"prompt": "a", "new": "yes"}), "new must be true or false"),
        ("edit_video", json!({"session_id": "s"}), "The argument instruction is missing"),
        ("edit_video", json!({"instruction": "a", "prompt": "b"}), "There is no argument prompt"),
        ("export", json!({"output": "a.mp4"}), "did you mean output_path?"),
        ("upload", json!({"files": "a.mp4"}), "files must be a list"),
        ("check_job", json!({"job_id": "7"}), "A job id looks like job_"),
        ("cancel_job", json!({}), "The argument job_id is missing"),
        ("list_jobs", json!({"state": "finished"}), "state must be one of queued"),
        ("list_jobs", json!({"limit": 0}), "limit must be a whole number between 1 and 100"),
        ("list_jobs", json!({"limit": 2.5}), "limit must be a whole number"),
        ("check_credits", json!({"a": 1}), "this tool takes none"),
    ] {
        let text = pipe.call_error(tool, arguments.clone()).await;
        assert!(text.starts_with("invalid_input: "), "{text}");
        assert!(text.contains(told), "{tool} {arguments}: {text}");
        assert!(text.contains("Nothing was spent."), "{text}");
        assert!(text.contains("\nRetry: ") && text.contains("\nNext: "), "{text}");
    }
    let listed = pipe.call("list_jobs", json!({})).await;
    assert_eq!(
        listed["result"]["structuredContent"]["jobs"],
        json!([]),
        "a refused call leaves nothing behind"
    );
    pipe.hang_up().await;
}

#[tokio::test]
async fn several_faults_are_told_at_once() {
    let mut pipe = Pipe::initialized().await;
    let text = pipe.call_error("generate_video", json!({"promt": "a", "new": 1})).await;
    for told in ["did you mean prompt?", "The argument prompt is missing", "new must be true or false"] {
        assert!(text.contains(told), "{told} in {text}");
    }
    pipe.hang_up().await;
}
