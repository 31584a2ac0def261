//! The addresses of what can be read about jobs and sessions.

use std::fmt;
use std::str::FromStr;

use crate::model::job::JobId;

/// Templates for clients that fill in names by themselves.
pub(in crate::mcp) const JOB: &str = "firstcut://jobs/{job_id}";
pub(in crate::mcp) const SHEET: &str = "firstcut://jobs/{job_id}/contact-sheet";
pub(in crate::mcp) const TIMELINE: &str = "firstcut://sessions/{session_id}/timeline";

/// What an address means. Its text is the only one with that meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mcp) enum Address {
    /// The newest jobs.
    Jobs,
    /// A job as `check_job` tells it.
    Job(JobId),
    /// The picture of a job's video.
    Sheet(JobId),
    /// The video itself, for the page in the chat; no template leads to it, because it is nothing for a model to read.
    Video(JobId),
    /// The timeline of a session.
    Timeline(String),
    /// Models and prices.
    Models,
}

/// No address of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mcp) struct Foreign;

impl Address {
    /// Whether what stands there may change while the program runs.
    pub(in crate::mcp) fn is_alive(&self) -> bool {
        !matches!(self, Self::Models)
    }
}

impl FromStr for Address {
    type Err = Foreign;

    fn from_str(text: &str) -> Result<Self, Foreign> {
        let parts: Vec<_> = text.strip_prefix("firstcut://").ok_or(Foreign)?.split('/').collect();
        let job = |id: &str| id.parse().map_err(|_| Foreign);
        let address = match parts.as_slice() {
            ["jobs"] => Self::Jobs,
            ["jobs", id] => Self::Job(job(id)?),
            ["jobs", id, "contact-sheet"] => Self::Sheet(job(id)?),
            ["jobs", id, "video"] => Self::Video(job(id)?),
            ["sessions", id, "timeline"] if is_name(id) => Self::Timeline((*id).to_owned()),
            ["models"] => Self::Models,
            _ => return Err(Foreign),
        };
        // Who subscribes to one spelling would not be told about another.
        if address.to_string() == text { Ok(address) } else { Err(Foreign) }
    }
}

/// Whether this may be the name of a session.
fn is_name(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !id.is_empty() && id.len() <= 128 && id.bytes().all(allowed)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jobs => f.write_str("firstcut://jobs"),
            Self::Job(id) => write!(f, "firstcut://jobs/{id}"),
            Self::Sheet(id) => write!(f, "firstcut://jobs/{id}/contact-sheet"),
            Self::Video(id) => write!(f, "firstcut://jobs/{id}/video"),
            Self::Timeline(id) => write!(f, "firstcut://sessions/{id}/timeline"),
            Self::Models => f.write_str("firstcut://models"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_one_spelling() {
        let id = JobId::fresh();
        for address in [
            Address::Jobs,
            Address::Job(id.clone()),
            Address::Sheet(id.clone()),
            Address::Video(id.clone()),
            Address::Timeline("sess-1_A".into()),
            Address::Models,
        ] {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        let upper = format!("firstcut://jobs/{}", id.as_str().to_ascii_uppercase());
        for foreign in [
            "",
            "firstcut://",
            "firstcut://jobs/",
            "firstcut://jobs/job_1",
            "firstcut://jobs?x",
            "FIRSTCUT://jobs",
            "firstcut://sessions//timeline",
            "firstcut://sessions/a%2Fb/timeline",
            "firstcut://sessions/../timeline",
            "firstcut://models/veo-3.1",
            "file:///etc/passwd",
            upper.as_str(),
        ] {
            assert_eq!(foreign.parse::<Address>(), Err(Foreign), "{foreign}");
        }
    }

    #[test]
    fn templates_lead_to_addresses() {
        let id = JobId::fresh();
        for template in [JOB, SHEET, TIMELINE] {
            let filled = template.replace("{job_id}", id.as_str()).replace("{session_id}", "s1");
            assert!(filled.parse::<Address>().is_ok_and(|address| address.is_alive()), "{filled}");
        }
    }
}
