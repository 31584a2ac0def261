//! Advice that was written for an assistant, in the words of somebody who types commands.

use std::borrow::Cow;

use serde_json::Value;

use crate::model::job::Service;
use crate::model::report::JobReport;

/// Whole turns of phrase. Earlier ones first.
const PHRASES: [(&str, &str); 19] = [
    ("or estimate_cost with a model", "or firstcut estimate --model NAME"),
    ("Use estimate_cost before", "Use firstcut estimate before"),
    ("or ask for a blank template explicitly", "or add --blank"),
    (
        "Tell the user the price; then call generate_video with the same arguments",
        "Use firstcut make with the same options",
    ),
    ("call generate_video with the same arguments", "use firstcut make with the same options"),
    ("for NemoVideo's work call generate_video, edit_video or export", "use firstcut make, edit or export"),
    ("Wait a little and call again", "Wait a little and run the command again"),
    ("or ask whether to try the same again with new: true", "or run the same again with --new"),
    ("Make the call again with new: true", "Run the command again with --new"),
    ("make a new call with new: true", "run the command again with --new"),
    ("call again with new: true", "run the command again with --new"),
    ("Make the call again", "Run the command again"),
    ("Call upload with files or urls", "Use firstcut upload FILE"),
    ("upload a file with upload first", "upload a file with firstcut upload first"),
    ("rehearse with service sandbox", "rehearse with --service sandbox"),
    ("use the service sandbox", "use --service sandbox"),
    ("new: true", "--new"),
    ("with job_id job_", "job_"),
    ("a job_id", "the name of a job"),
];

/// The tools of an assistant, and the commands that do the same.
const TOOLS: [(&str, &str); 12] = [
    ("estimate_cost", "firstcut estimate"),
    ("update_template", "firstcut template"),
    ("generate_video", "firstcut make"),
    ("session_state", "firstcut state"),
    ("check_credits", "firstcut credits"),
    ("edit_video", "firstcut edit"),
    ("cancel_job", "firstcut jobs cancel"),
    ("check_job", "firstcut jobs wait"),
    ("list_jobs", "firstcut jobs list"),
    ("publish", "firstcut publish"),
    // Also words of ours: only as a call.
    ("export", "firstcut export"),
    ("upload", "firstcut upload"),
];

/// The arguments of an assistant, and the options that mean the same.
const ARGUMENTS: [(&str, &str); 12] = [
    ("chain_frames", "--chain-frames"),
    ("dry_run", "--dry-run"),
    ("duration_seconds", "--duration"),
    ("aspect_ratio", "--aspect"),
    ("negative_prompt", "--negative-prompt"),
    ("reference_images", "--reference-image"),
    ("last_frame", "--last-frame"),
    ("max_cost_usd", "--max-cost-usd"),
    ("output_path", "--output"),
    ("request_id", "--request-id"),
    ("session_id", "--session"),
    ("wait_seconds", "--wait"),
];

/// Advice that names tools, for somebody who types commands.
pub(super) fn for_people(advice: &str) -> String {
    let mut text = advice.to_owned();
    for (phrase, words) in PHRASES {
        text = text.replace(phrase, words);
    }
    for (tool, command) in TOOLS {
        text = text.replace(&format!("Call {tool}"), &format!("Use {command}"));
        text = text.replace(&format!("call {tool}"), &format!("use {command}"));
        if tool.contains('_') {
            text = text.replace(tool, command);
        }
    }
    options(&text).into_owned()
}

/// Arguments by the names that this door has for them.
pub(super) fn options(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (argument, option) in ARGUMENTS {
        if text.contains(argument) {
            text = Cow::Owned(text.replace(argument, option));
        }
    }
    text
}

/// What to do next about a job. Here it only moves while a command waits for it or a server runs.
pub(super) fn next(report: &JobReport) -> String {
    let id = &report.job_id;
    match report.state.as_str() {
        "done" if id.is_empty() => for_people(&report.next),
        "done" if matches!(report.kind.as_str(), "run" | "film") => {
            "firstcut jobs report shows what was paid.".to_owned()
        }
        "done" if report.files.is_empty() => {
            format!("firstcut export{} saves it as an MP4; firstcut edit{0} changes more.", again(report))
        }
        "done" => format!("firstcut edit \"…\"{} and then firstcut export{0} change it.", again(report)),
        "queued" | "running" if report.error.is_some() => format!(
            "Top up the wallet at SkillBoss; firstcut jobs wait {id} then goes on with it, and firstcut jobs cancel {id} gives it up."
        ),
        "queued" | "submitting" | "running" | "ready" | "delivering" => format!(
            "firstcut jobs wait {id} goes on with it. Until then it may stand still; nothing is lost or paid twice."
        ),
        "needs_approval" => format!(
            "firstcut jobs approve {id} agrees to the price; firstcut jobs cancel {id} costs nothing."
        ),
        "cancelled" => match report.kind.as_str() {
            "turn" => format!("firstcut edit \"…\"{} asks for it again.", again(report)),
            "render" => format!("firstcut export{} makes the file.", again(report)),
            // A template that was to be changed is none to be made.
            "video" | "run" | "film" if report.next.contains("generate_video") => {
                format!("firstcut make{} starts anew.", again(report))
            }
            _ => for_people(&report.next),
        },
        _ => for_people(&report.next),
    }
}

/// The sandbox is used only when it is named, so the next command has to name it too.
fn again(report: &JobReport) -> &'static str {
    if report.service == Service::Sandbox.name() { " --service sandbox" } else { "" }
}

/// Commands that would speak to the real service if the sandbox were not named.
const SPEAK: [&str; 6] = [
    "firstcut make",
    "firstcut edit",
    "firstcut export",
    "firstcut state",
    "firstcut credits",
    "firstcut upload",
];

/// Advice about what this service did, for somebody who types commands.
pub(super) fn at(service: &str, advice: &str) -> String {
    let mut text = for_people(advice);
    if service == Service::Sandbox.name() && !text.contains("--service") {
        for command in SPEAK {
            text = text.replace(command, &format!("{command} --service sandbox"));
        }
    }
    text
}

/// The same for what is printed as JSON: every `next` in it.
pub(super) fn for_scripts(shape: &mut Value) {
    match shape {
        Value::Object(fields) => {
            let service = fields.get("service").and_then(Value::as_str).unwrap_or_default().to_owned();
            for (name, value) in fields {
                match value {
                    Value::String(advice) if name == "next" => *advice = at(&service, advice),
                    value => for_scripts(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(for_scripts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_commands_and_options() {
        for (advice, shown) in [
            ("Call check_job with a job_id.", "Use firstcut jobs wait with the name of a job."),
            ("Call check_job with job_id job_01 to wait.", "Use firstcut jobs wait job_01 to wait."),
            ("Call export, or edit_video.", "Use firstcut export, or firstcut edit."),
            ("It is free: call export again.", "It is free: use firstcut export again."),
            ("Make the call again.", "Run the command again."),
            ("Make the call again with new: true.", "Run the command again with --new."),
            ("Leave out session_id.", "Leave out --session."),
            ("firstcut export saves it.", "firstcut export saves it."),
        ] {
            assert_eq!(for_people(advice), shown);
            assert_eq!(for_people(shown), shown, "twice is once");
        }
    }

    #[test]
    fn in_a_rehearsal_the_next_command_is_one_too() {
        let advice = "Call export to save it, or edit_video.";
        assert_eq!(at("nemo", advice), "Use firstcut export to save it, or firstcut edit.");
        assert_eq!(
            at("sandbox", advice),
            "Use firstcut export --service sandbox to save it, or firstcut edit --service sandbox."
        );
        let named = "firstcut export --service sandbox saves it.";
        assert_eq!(at("sandbox", named), named);
    }

    #[test]
    fn every_next_of_a_shape_is_for_people() {
        let mut shape = serde_json::json!({
            "next": "Call export.",
            "message": "Call export.",
            "jobs": [{"error": {"next": "Call edit_video."}}],
        });
        for_scripts(&mut shape);
        assert_eq!(
            shape,
            serde_json::json!({
                "next": "Use firstcut export.",
                "message": "Call export.",
                "jobs": [{"error": {"next": "Use firstcut edit."}}],
            })
        );
    }
}
