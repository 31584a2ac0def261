//! Notices: the name of a job and what is claimed of it, from either dialect. Addresses in them are not even read.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::skillboss::dialect::{Dialect, Remote, named};
use crate::skillboss::status::Phase;
use crate::skillboss::wire::{self, Body};

/// The largest notice; real ones have a few hundred bytes.
pub const MAX_NOTICE_BYTES: usize = 64 * 1024;

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The dialect, by the field that names the job.
    pub dialect: Dialect,
    /// The job's id; safe to show and to ask with.
    pub id: String,
    /// What is claimed. `OK` and `completed` are the same claim, `ERROR` and `failed` too.
    pub claim: Phase,
}

impl Notice {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`](crate::error::Kind::InvalidInput) when it is too large, no JSON object, or names no job.
    pub fn parse(body: &[u8]) -> Result<Self> {
        if body.len() > MAX_NOTICE_BYTES {
            return Err(Error::invalid("The notice is larger than 64 KiB."));
        }
        let Body::Json { value: value @ Value::Object(_), .. } = Body::of(&String::from_utf8_lossy(body))
        else {
            return Err(Error::invalid("The notice is no JSON object."));
        };
        let (dialect, id) = named(&value).ok_or_else(|| Error::invalid("The notice names no job."))?;
        let claim =
            wire::text(&value, &["status", "state"]).map_or(Phase::Unknown, |word| Phase::of_word(&word));
        Ok(Self { dialect, id, claim })
    }

    /// The job, to be asked for.
    #[must_use]
    pub fn remote(&self) -> Remote {
        Remote {
            dialect: self.dialect,
            id: self.id.clone(),
            status_url: None,
            cancel_url: None,
            record_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_and_every_claim() {
        for (body, dialect, id, claim) in [
            (
                r#"{"request_id":"c5","status":"OK","payload":{"generated_images":[{"url":"https://x"}]},"error":null}"#,
                Dialect::Wholesale,
                "c5",
                Phase::Completed,
            ),
            (
                r#"{"request_id":"c5","status":"ERROR","payload":null,"error":"no"}"#,
                Dialect::Wholesale,
                "c5",
                Phase::Failed,
            ),
            (
                r#"{"job_id":"job_7","status":"completed","output":{"video_url":"http://169.254.169.254/"}}"#,
                Dialect::Standard,
                "job_7",
                Phase::Completed,
            ),
            (r#"{"job_id":"job_7","video_url":"https://x"}"#, Dialect::Standard, "job_7", Phase::Unknown),
            (r#"{"job_id":"job_7","status":"failed"}"#, Dialect::Standard, "job_7", Phase::Failed),
            (r#"{"job_id":"job_7","status":"CANCELLED"}"#, Dialect::Standard, "job_7", Phase::Cancelled),
            (r#"{"job_id":"job_7","status":7}"#, Dialect::Standard, "job_7", Phase::Unknown),
        ] {
            let notice = Notice::parse(body.as_bytes()).unwrap();
            assert_eq!(notice, Notice { dialect, id: id.to_owned(), claim }, "{body}");
            assert_eq!(notice.remote().status_url, None);
        }
    }

    #[test]
    fn what_is_no_notice() {
        for body in [
            "",
            "[]",
            "null",
            "{}",
            "<html>",
            r#"{"job_id":"../../x"}"#,
            r#"{"job_id":null}"#,
            r#"{"job_id":"#,
        ] {
            assert!(Notice::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Notice::parse(&[0xff, 0xfe]).is_err());
        let large = format!(r#"{{"job_id":"a","x":"{}"}}"#, "x".repeat(MAX_NOTICE_BYTES));
        assert!(Notice::parse(large.as_bytes()).is_err());
    }
}
