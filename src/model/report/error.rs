//! Failures, as they are told.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Money};

/// A failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorReport {
    /// Stable code, listed in the README.
    pub code: String,
    /// What happened.
    pub message: String,
    /// `not_spent`, spent or unknown.
    pub money: String,
    /// Whether the same call may be made again without the risk of paying twice.
    pub retry_is_safe: bool,
    /// What to do.
    pub next: String,
    /// The service's own words, quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_said: Option<String>,
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> Self {
        // What was spent once would be spent again.
        let retry_is_safe = error.kind().retry_is_safe() && error.spent() == Money::NotSpent;
        let next = error.next_step().unwrap_or(if retry_is_safe {
            "Try the same again."
        } else {
            "Look at what is there before you try again."
        });
        Self {
            code: error.kind().code().to_owned(),
            message: error.message().to_owned(),
            money: error.spent().code().to_owned(),
            retry_is_safe,
            next: next.to_owned(),
            service_said: error.quoted().map(str::to_owned),
        }
    }
}
