//! Names that a client's user is typing: jobs, sessions, models and the words that an argument allows.

use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, Reference};
use serde_json::json;

use crate::app::App;
use crate::error::Result;
use crate::mcp::resources::{address, refusal};
use crate::mcp::server::Server;
use crate::mcp::{arguments, prompts};
use crate::model::catalog::ModelKind;
use crate::redact;
use crate::social::channels;

/// The most values of an answer.
const MOST: usize = CompletionInfo::MAX_VALUES;

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// The user's own words: nothing to offer.
    Words,
    /// Any job.
    Jobs,
    /// A job that made a file.
    Files,
    /// A session.
    Sessions,
    /// A model of the catalog.
    Models,
    /// A network for posts.
    Channels,
    /// One of these.
    OneOf(&'static [&'static str]),
}

impl Server {
    /// Names that go on as the user began, the newest or the most likely first.
    pub(super) async fn completion(&self, about: CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
        let argument = &about.argument;
        let values = match &about.r#ref {
            Reference::Resource(template) => of_template(&template.uri, &argument.name)?,
            Reference::Prompt(prompt) => prompts::values(&prompt.name, &argument.name)?,
            _ => {
                return Err(ErrorData::invalid_params(
                    "Only prompts and resource templates can be completed.",
                    None,
                ));
            }
        };
        let mut found = values
            .beginning_with(self.app(), argument.value.trim())
            .await
            .map_err(|error| refusal(&error))?;
        let has_more = found.len() > MOST;
        let total = (!has_more).then_some(u32::try_from(found.len()).unwrap_or(u32::MAX));
        found.truncate(MOST);
        let info = CompletionInfo::with_pagination(found, total, has_more)
            .map_err(|fault| ErrorData::internal_error(fault, None))?;
        Ok(CompleteResult::new(info))
    }
}

/// What a name in a template stands for.
fn of_template(uri: &str, argument: &str) -> Result<Values, ErrorData> {
    match (uri, argument) {
        (address::JOB, "job_id") => Ok(Values::Jobs),
        (address::SHEET, "job_id") => Ok(Values::Files),
        (address::TIMELINE, "session_id") => Ok(Values::Sessions),
        (address::JOB | address::SHEET, _) => Err(unknown_argument(argument, &["job_id"])),
        (address::TIMELINE, _) => Err(unknown_argument(argument, &["session_id"])),
        _ => {
            let shown = redact::quote(uri, 200);
            Err(ErrorData::invalid_params(
                format!("There is no template {shown}; resources/templates/list shows what there is."),
                Some(json!({"uri": shown})),
            ))
        }
    }
}

/// An argument that a prompt or template does not have.
pub(super) fn unknown_argument(name: &str, known: &[&str]) -> ErrorData {
    let hint = arguments::hint(name, known.iter().copied());
    ErrorData::invalid_params(format!("There is no argument {}; {hint}", redact::quote(name, 60)), None)
}

impl Values {
    /// One more than may be shown, so that it is known whether there are more.
    async fn beginning_with(self, app: &App, typed: &str) -> Result<Vec<String>> {
        let limit = u32::try_from(MOST + 1).unwrap_or(u32::MAX);
        match self {
            Self::Words => Ok(Vec::new()),
            Self::Channels => Ok(likely(channels::names()?, typed)),
            Self::OneOf(words) => Ok(likely(words.iter().copied(), typed)),
            Self::Models => {
                let today = jiff::Timestamp::from_millisecond(app.now_ms()).unwrap_or_default();
                let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
                let catalog = app.catalog().await?;
                let models = catalog
                    .models()
                    .iter()
                    .filter(|model| model.kind == ModelKind::Video && model.retired_by(today).is_none());
                Ok(likely(models.map(|model| model.id.as_str()), typed))
            }
            Self::Jobs | Self::Files | Self::Sessions => {
                let Some(ledger) = app.known_ledger().await? else { return Ok(Vec::new()) };
                if !typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
                    return Ok(Vec::new());
                }
                if self == Self::Sessions {
                    let found = ledger.recent_sessions(typed, limit).await?;
                    return Ok(found.into_iter().map(|session| session.session_id).collect());
                }
                let typed = typed.to_ascii_lowercase();
                // Who types digits means those of the name.
                let prefix = if "job_".starts_with(&typed) || typed.starts_with("job_") {
                    typed
                } else {
                    format!("job_{typed}")
                };
                ledger.job_names(&prefix, self == Self::Files, limit).await
            }
        }
    }
}

/// Words that begin so, then those that contain it.
fn likely<'a>(words: impl Iterator<Item = &'a str>, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let (begin, others): (Vec<_>, Vec<_>) = words.partition(|word| word.to_lowercase().starts_with(&typed));
    let inside = others.into_iter().filter(|word| word.to_lowercase().contains(&typed));
    begin.into_iter().chain(inside).take(MOST + 1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_come_before_middles() {
        let words = ["sora-2", "veo-3.1", "veo-3.1-fast", "replicate/veo"];
        let found = |typed: &str| likely(words.into_iter(), typed);
        assert_eq!(found("VEO"), ["veo-3.1", "veo-3.1-fast", "replicate/veo"]);
        assert_eq!(found(""), words);
        assert!(found("kling").is_empty());
    }
}
