//! Prompts, which clients show as commands: make a video, edit it, post it.
//!
//! Fetching one spends nothing and starts nothing. It is a text that tells the model which tools to call, in which order,
//! and when to ask.

mod offers;
mod text;

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, GetPromptResult, JsonObject, ListPromptsResult, Prompt, PromptArgument, PromptMessage, Role,
};
use serde_json::Value;

use crate::mcp::arguments;
use crate::mcp::completion::{Values, unknown_argument};
use crate::mcp::server::LIST_TTL_MS;
use crate::redact;

use offers::{Argument, OFFERS, Offer};

/// A text of the user's may be so long; a prompt of a video may have 5,000 characters.
const LONGEST: usize = 10_000;

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
        let hint = arguments::hint(name, OFFERS.iter().map(|offer| offer.name));
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

#[cfg(test)]
mod tests;
