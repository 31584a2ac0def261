//! What the prompts say.

use std::fmt::Write as _;

use rmcp::ErrorData;
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::{Given, refused};
use crate::jobs::plan::DURATION_S;

pub(super) fn make(given: &Given) -> Result<String, ErrorData> {
    let mut call = JsonObject::new();
    call.insert("prompt".into(), json!(given.get("prompt")));
    if let Some(text) = given.get("duration_seconds") {
        let seconds = text.parse::<f64>().ok().filter(|seconds| DURATION_S.contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            let (least, most) = (DURATION_S.start(), DURATION_S.end());
            refused(format!("duration_seconds must be a number between {least} and {most}."))
        })?;
        call.insert("duration_seconds".into(), json!(seconds));
    }
    for name in ["aspect_ratio", "model", "service"] {
        if let Some(value) = given.get(name) {
            call.insert(name.into(), json!(value));
        }
    }
    let mut text =
        String::from("Make this video for me with the firstcut tools. Nothing was started or spent yet.\n");
    let estimate = match given.get("service") {
        Some("sandbox") => {
            "Skip the price: service sandbox is a free rehearsal, drawn by firstcut and not by a model. Say that to me."
        }
        _ => {
            "Call estimate_cost with the same model, length, shape and service, and check_credits. Tell me the price in one \
             sentence. If it is in dollars, or more than what is left, wait for my yes."
        }
    };
    let _ = write!(
        text,
        "\n1. {estimate}\
         \n2. Call generate_video once, with exactly these arguments; the words are mine, leave them as they are:\
         \n\n```json\n{}\n```\n\
         \n3. While state is not done, call check_job with the job_id. Never call generate_video again for the same video. State \
         needs_approval means that nothing was sent: tell me the price, and only after my yes repeat the call with the \
         quote_token.\
         \n4. Look at the picture in the answer, nine frames with their times, and compare it with my words. Read checks: tell me \
         what is not pass; unknown means not examined.\
         \n5. Tell me where the file is (files[].path), how long it is and what it cost. Offer one change that would make it \
         better (edit_video, then export); make none unasked.\n\
         \nIf a call fails, read its Money and Retry lines first. What is uncertain may have been paid for: show it to me and do \
         not repeat it.",
        Value::Object(call)
    );
    Ok(text)
}

pub(super) fn edit(given: &Given) -> Result<String, ErrorData> {
    let mut call = JsonObject::new();
    call.insert("instruction".into(), json!(given.get("instruction")));
    let mut session = JsonObject::new();
    if let Some(id) = given.get("session_id") {
        call.insert("session_id".into(), json!(id));
        session.insert("session_id".into(), json!(id));
    }
    Ok(format!(
        "Change my video with the firstcut tools. Nothing was started or spent yet.\n\
         \n1. Call session_state with {} to see the timeline, and tell me in one sentence what is on it. If there is none, stop and \
         ask what to work on; list_jobs shows earlier videos with their session_id.\
         \n2. Call check_credits: an edit spends credits. If few are left, say so and wait for my yes.\
         \n3. Call edit_video once, with exactly these arguments; the words are mine, leave them as they are:\
         \n\n```json\n{}\n```\n\
         \n4. While state is not done, call check_job with the job_id. Then read changes, and tell me what is different. If nothing \
         changed, say so; do not call edit_video again by yourself.\
         \n5. Call export (free) for the new file. Look at the picture in its answer, nine frames with their times: is the change to \
         be seen, is the rest as it was? Read checks; tell me what is not pass.\
         \n6. Tell me where the file is (files[].path) and what it cost.\n\
         \nIf a call fails, read its Money and Retry lines first. What is uncertain may have been paid for: show it to me and do \
         not repeat it.",
        Value::Object(session),
        Value::Object(call)
    ))
}

pub(super) fn post(given: &Given) -> Result<String, ErrorData> {
    let mut text =
        String::from("Post my video with the firstcut tools. Nothing was sent, posted or spent yet.\n");
    let _ = match given.get("job_id") {
        Some(id) => write!(text, "\n1. Call check_job with {}.", json!({"job_id": id})),
        None => write!(
            text,
            "\n1. Call list_jobs with {}, take the newest job that has a video in files, and call check_job with its job_id.",
            json!({"state": "done"})
        ),
    };
    text.push_str(
        "\n2. Look at the picture in the answer, nine frames with their times, and read checks. If a point is not pass, tell me \
         and ask before you go on.",
    );
    let _ = match given.get("caption") {
        Some(caption) => write!(text, "\n3. The caption is mine, leave it as it is: {}", json!(caption)),
        None => write!(
            text,
            "\n3. Propose a caption in the language that the video speaks, and wait for my word on it."
        ),
    };
    let channel = match given.get("channel") {
        Some(channel) => format!("channels {}", json!([channel])),
        None => "the channels that I name (ask me)".to_owned(),
    };
    let _ = write!(
        text,
        "\n4. Call publish with that job_id, {channel}, the caption and dry_run true: it checks length, shape, size and caption \
         against what each channel takes, and sends nothing. Show me what it says. What does not fit, I decide: edit_video and \
         export make another version, and an edit spends credits.\
         \n5. Only after my clear yes call publish again without dry_run. Leave when out: that makes a draft. Give it only if I \
         named a time or said now.\
         \n6. Tell me which channels have it, as a draft or for when, and where I can see it.\n\
         \nIf no scheduler is set up, publish says how to set one up; until then give me the path of the file (files[].path) and \
         the caption. If a call fails, read its Retry line first: what is uncertain may be posted already, so show it to me and \
         do not repeat it."
    );
    Ok(text)
}
