//! The texts of prompts, and what is refused.

use rmcp::ErrorData;
use serde_json::{Value, json};

use super::{LONGEST, get};

fn text(name: &str, arguments: Value) -> Result<String, ErrorData> {
    let Value::Object(arguments) = arguments else { unreachable!() };
    get(name, Some(arguments)).map(|result| {
        serde_json::to_value(&result.messages).unwrap()[0]["content"]["text"].as_str().unwrap().to_owned()
    })
}

#[test]
fn words_of_the_user_pass_unchanged() {
    let words = "a fox \"in\" snow\nat dawn {x}";
    let made = text("make_video", json!({"prompt": words, "duration_seconds": "10", "aspect_ratio": "9:16"}))
        .unwrap();
    let call = json!({"prompt": words, "duration_seconds": 10.0, "aspect_ratio": "9:16"});
    assert!(made.contains(&call.to_string()), "{made}");
    let order = ["estimate_cost", "generate_video once", "check_job", "Look at the picture", "files[].path"];
    let places: Vec<_> = order.iter().map(|word| made.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    let free = text("make_video", json!({"prompt": "a", "service": "sandbox"})).unwrap();
    assert!(free.contains("free rehearsal") && !free.contains("estimate_cost"));
    let changed = text("edit_video", json!({"instruction": words, "session_id": "s1"})).unwrap();
    assert!(changed.contains(&json!({"instruction": words, "session_id": "s1"}).to_string()), "{changed}");
    let posted = text("post_video", json!({"caption": words})).unwrap();
    assert!(posted.contains(&json!(words).to_string()) && posted.contains("list_jobs"), "{posted}");
    assert!(
        posted.find("dry_run true") < posted.find("without dry_run"),
        "tried before it is sent: {posted}"
    );
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    for (name, arguments, told) in [
        ("make_vidoe", json!({}), "did you mean make_video?"),
        ("make_video", json!({}), "The argument prompt is missing"),
        ("make_video", json!({"prompt": "  "}), "The argument prompt is missing"),
        ("make_video", json!({"prompt": ["a"]}), "prompt must be text."),
        ("make_video", json!({"prompt": "a", "promt": "b"}), "did you mean prompt?"),
        ("make_video", json!({"prompt": "a", "duration_seconds": "long"}), "between 1 and"),
        ("make_video", json!({"prompt": "a", "duration_seconds": 0}), "between 1 and"),
        ("make_video", json!({"prompt": "a", "service": "sora"}), "service must be one of nemo"),
        ("edit_video", json!({"instruction": "x".repeat(LONGEST + 1)}), "longer than"),
    ] {
        let error = text(name, arguments.clone()).unwrap_err();
        assert_eq!(error.code.0, -32602, "{name} {arguments}");
        assert!(error.message.contains(told), "{told} in {}", error.message);
    }
}
