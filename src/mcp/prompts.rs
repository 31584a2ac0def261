//! Prompts, which clients show as commands: make a video, edit it, post it.
//!
//! Fetching one spends nothing and starts nothing. It is a text that tells the model which tools to call, in which order,
//! and when to ask.

use std::fmt::Write as _;

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, GetPromptResult, JsonObject, ListPromptsResult, Prompt, PromptArgument, PromptMessage, Role,
};
use serde_json::{Value, json};

use crate::jobs::plan::{ASPECTS, DURATION_S};
use crate::mcp::completion::{Values, unknown_argument};
use crate::mcp::server::LIST_TTL_MS;
use crate::mcp::{arguments, tools};
use crate::redact;

/// A text of the user's may be so long; a prompt of a video may have 5,000 characters.
const LONGEST: usize = 10_000;

/// One argument of a prompt.
struct Argument {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    required: bool,
    values: Values,
}

/// One prompt.
struct Offer {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    arguments: &'static [Argument],
    /// The text, from arguments that were checked.
    text: fn(&Given) -> Result<String, ErrorData>,
}

static OFFERS: [Offer; 3] = [
    Offer {
        name: "make_video",
        title: "Make a video",
        about: "From your words to an MP4: price first, then the video, then a look at it.",
        arguments: &[
            Argument {
                name: "prompt",
                title: "What it shows",
                about: "What the video shows, in your own words",
                required: true,
                values: Values::Words,
            },
            Argument {
                name: "duration_seconds",
                title: "Length",
                about: "Length in seconds, e.g. 10",
                required: false,
                values: Values::Words,
            },
            Argument {
                name: "aspect_ratio",
                title: "Shape",
                about: "Shape of the picture, e.g. 9:16 for a phone",
                required: false,
                values: Values::OneOf(&ASPECTS),
            },
            Argument {
                name: "model",
                title: "Model",
                about: "A SkillBoss model, paid in dollars; without one NemoVideo chooses",
                required: false,
                values: Values::Models,
            },
            Argument {
                name: "service",
                title: "Service",
                about: "sandbox rehearses it free of charge, offline",
                required: false,
                values: Values::OneOf(&tools::SERVICES),
            },
        ],
        text: make,
    },
    Offer {
        name: "edit_video",
        title: "Edit the video",
        about: "A change in plain words, a look at what changed, and a new file.",
        arguments: &[
            Argument {
                name: "instruction",
                title: "The change",
                about: "What shall be different, in your own words",
                required: true,
                values: Values::Words,
            },
            Argument {
                name: "session_id",
                title: "Session",
                about: "The timeline to change; without one the current",
                required: false,
                values: Values::Sessions,
            },
        ],
        text: edit,
    },
    Offer {
        name: "post_video",
        title: "Post the video",
        about: "A look at a finished video, a try without sending, your yes, and a draft in your scheduler.",
        arguments: &[
            Argument {
                name: "job_id",
                title: "Job",
                about: "The job that made the video; without one the newest",
                required: false,
                values: Values::Files,
            },
            Argument {
                name: "channel",
                title: "Channel",
                about: "Where it shall appear, e.g. tiktok or shorts",
                required: false,
                values: Values::Channels,
            },
            Argument {
                name: "caption",
                title: "Caption",
                about: "The words beside it; without any the assistant proposes some",
                required: false,
                values: Values::Words,
            },
        ],
        text: post,
    },
];

/// The arguments that were given, all of them texts and known.
struct Given(Vec<(&'static str, String)>);

impl Given {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) fn list() -> ListPromptsResult {
    let prompts = OFFERS.iter().map(|offer| {
        let arguments = offer.arguments.iter().map(|argument| {
            PromptArgument::new(argument.name)
                .with_title(argument.title)
                .with_description(argument.about)
                .with_required(argument.required)
        });
        Prompt::new(offer.name, Some(offer.about), Some(arguments.collect())).with_title(offer.title)
    });
    ListPromptsResult::with_all_items(prompts.collect())
        .with_ttl_ms(LIST_TTL_MS)
        .with_cache_scope(CacheScope::Public)
}

/// The text of a prompt.
pub(super) fn get(name: &str, arguments: Option<JsonObject>) -> Result<GetPromptResult, ErrorData> {
    let offer = offer(name)?;
    let given = read(offer, arguments.unwrap_or_default())?;
    let message = PromptMessage::new_text(Role::User, (offer.text)(&given)?);
    Ok(GetPromptResult::new(vec![message]).with_description(offer.about))
}

/// What an argument may be.
pub(super) fn values(prompt: &str, argument: &str) -> Result<Values, ErrorData> {
    let offer = offer(prompt)?;
    find(offer, argument).map(|argument| argument.values)
}

fn offer(name: &str) -> Result<&'static Offer, ErrorData> {
    OFFERS.iter().find(|offer| offer.name == name).ok_or_else(|| {
        let names = || OFFERS.iter().map(|offer| offer.name);
        let hint = match arguments::nearest(name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are {}.", names().collect::<Vec<_>>().join(", ")),
        };
        refused(format!("There is no prompt {}; {hint}", redact::quote(name, 60)))
    })
}

fn find(offer: &'static Offer, name: &str) -> Result<&'static Argument, ErrorData> {
    offer.arguments.iter().find(|argument| argument.name == name).ok_or_else(|| {
        unknown_argument(name, &offer.arguments.iter().map(|argument| argument.name).collect::<Vec<_>>())
    })
}

/// Holds what was given against what the prompt takes.
fn read(offer: &'static Offer, arguments: JsonObject) -> Result<Given, ErrorData> {
    let mut given = Vec::new();
    for (name, value) in arguments {
        let argument = find(offer, &name)?;
        let text = match value {
            Value::String(text) => text,
            // Some clients send what looks like a number as one.
            Value::Number(number) => number.to_string(),
            Value::Null => continue,
            _ => return Err(refused(format!("{name} must be text."))),
        };
        let text = text.trim().to_owned();
        if text.chars().count() > LONGEST {
            return Err(refused(format!("{name} is longer than {LONGEST} characters.")));
        }
        if let Values::OneOf(words) = argument.values
            && !text.is_empty()
            && !words.contains(&text.as_str())
        {
            let shown = redact::quote(&text, 60);
            return Err(refused(format!("{name} must be one of {}, not {shown}.", words.join(", "))));
        }
        if !text.is_empty() {
            given.push((argument.name, text));
        }
    }
    let given = Given(given);
    match offer.arguments.iter().find(|argument| argument.required && given.get(argument.name).is_none()) {
        Some(missing) => {
            Err(refused(format!("The argument {} is missing ({}).", missing.name, missing.about)))
        }
        None => Ok(given),
    }
}

fn refused(message: String) -> ErrorData {
    ErrorData::invalid_params(message, None)
}

fn make(given: &Given) -> Result<String, ErrorData> {
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

fn edit(given: &Given) -> Result<String, ErrorData> {
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

fn post(given: &Given) -> Result<String, ErrorData> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, arguments: Value) -> Result<String, ErrorData> {
        let Value::Object(arguments) = arguments else { unreachable!() };
        get(name, Some(arguments)).map(|result| {
            serde_json::to_value(&result.messages).unwrap()[0]["content"]["text"].as_str().unwrap().to_owned()
        })
    }

    #[test]
    fn words_of_the_user_pass_unchanged() {
        let words = "a fox \"in\" snow\nat dawn {x}";
        let made =
            text("make_video", json!({"prompt": words, "duration_seconds": "10", "aspect_ratio": "9:16"}))
                .unwrap();
        let call = json!({"prompt": words, "duration_seconds": 10.0, "aspect_ratio": "9:16"});
        assert!(made.contains(&call.to_string()), "{made}");
        let order =
            ["estimate_cost", "generate_video once", "check_job", "Look at the picture", "files[].path"];
        let places: Vec<_> = order.iter().map(|word| made.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        let free = text("make_video", json!({"prompt": "a", "service": "sandbox"})).unwrap();
        assert!(free.contains("free rehearsal") && !free.contains("estimate_cost"));
        let changed = text("edit_video", json!({"instruction": words, "session_id": "s1"})).unwrap();
        assert!(
            changed.contains(&json!({"instruction": words, "session_id": "s1"}).to_string()),
            "{changed}"
        );
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
}
