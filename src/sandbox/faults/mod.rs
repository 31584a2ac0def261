//! Scripted trouble: which request goes wrong, how, and how often.

mod endpoint;
mod error_body;
mod kind;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{Error, options};

pub use self::endpoint::Endpoint;
pub use self::error_body::ErrorShape;
pub(super) use self::error_body::{Refused, refuse};
pub use self::kind::{Close, Fault, Moment};

/// Rules, tried in order on every request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The rules; in a TOML file each is a `[[rules]]` table.
    pub rules: Vec<Rule>,
}

impl Faults {
    /// Rules from a TOML file, or a JSON file when its name ends in `.json`.
    ///
    /// # Errors
    /// When the file cannot be read, or a rule names something that does not exist.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        options::read_settings(path)
    }
}

/// One rule: when it fits a request, its trouble strikes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only this endpoint; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Only when the message (or the JSON body, where there is no message) contains this, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only this session, or this job of SkillBoss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Only from the n-th fitting request on, the first being 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub nth: u32,
    /// How often it strikes; 0 means always.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub times: u32,
    /// What goes wrong. A bare word stands for the fault of that kind with its defaults.
    #[serde(rename = "do", deserialize_with = "word_or_table")]
    pub fault: Fault,
}

impl Rule {
    /// A rule that strikes once, at the next request to this endpoint.
    #[must_use]
    pub fn once(endpoint: Endpoint, fault: Fault) -> Self {
        Self { endpoint: Some(endpoint), text: None, session: None, nth: 1, times: 1, fault }
    }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

fn word_or_table<'de, D: Deserializer<'de>>(from: D) -> Result<Fault, D::Error> {
    let mut given = Value::deserialize(from)?;
    if given.is_string() {
        given = serde_json::json!({ "kind": given });
    }
    serde_json::from_value(given).map_err(serde::de::Error::custom)
}

/// What is known about a request when rules are tried.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) session: Option<&'a str>,
    pub(super) text: &'a str,
}

/// The rules of a running sandbox.
#[derive(Clone, Debug)]
pub struct FaultsHandle(Arc<Mutex<Vec<Armed>>>);

#[derive(Debug)]
struct Armed {
    rule: Rule,
    fitted: u32,
    struck: u32,
}

impl FaultsHandle {
    pub(super) fn new(faults: Faults) -> Self {
        let handle = Self(Arc::default());
        handle.set(faults);
        handle
    }

    /// Replaces all rules.
    pub fn set(&self, faults: Faults) {
        let armed = faults.rules.into_iter().map(Armed::new).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = armed;
    }

    /// Adds a rule behind the others.
    pub fn add(&self, rule: Rule) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Armed::new(rule));
    }

    /// The trouble that this request has; counts it.
    pub(super) fn strike(&self, seen: &Seen<'_>) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter_mut().filter_map(|armed| armed.try_on(seen)).collect()
    }

    /// The rules, with how often each has struck.
    pub(super) fn report(&self) -> Value {
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter().map(|armed| serde_json::json!({ "rule": armed.rule, "struck": armed.struck })).collect()
    }
}

impl Armed {
    fn new(rule: Rule) -> Self {
        Self { rule, fitted: 0, struck: 0 }
    }

    fn try_on(&mut self, seen: &Seen<'_>) -> Option<Fault> {
        let rule = &self.rule;
        let fits = rule.endpoint.is_none_or(|endpoint| endpoint == seen.endpoint)
            && rule.session.as_deref().is_none_or(|session| Some(session) == seen.session)
            && rule.text.as_ref().is_none_or(|text| seen.text.to_lowercase().contains(&text.to_lowercase()));
        if !fits {
            return None;
        }
        self.fitted += 1;
        if self.fitted < rule.nth || (rule.times > 0 && self.struck >= rule.times) {
            return None;
        }
        self.struck += 1;
        Some(rule.fault.clone())
    }
}
