//! Several jobs in words, one a line.

use std::fmt::Write as _;

use super::job::state;
use super::next;
use crate::jobs::rehearsal::{SHORT_MARK, shortly_marked};
use crate::model::job::Service;
use crate::model::report::JobList;
use crate::redact::{quotation, quote};

/// Several jobs, one a line.
pub(in crate::cli) fn jobs(list: &JobList, now: jiff::Timestamp) -> String {
    let mut text = list.message.trim_end().to_owned();
    for job in &list.jobs {
        let about = match job.files.first() {
            Some(file) if job.service == Service::Sandbox.name() => format!("{SHORT_MARK}{}", file.path),
            Some(file) => file.path.clone(),
            None => shortly_marked(&job.message),
        };
        let about = quote(&about, 100);
        let prompt = match job.prompt.as_str() {
            "" => String::new(),
            prompt => format!("{}  ", quotation(&quote(prompt, 40))),
        };
        let _ = write!(
            text,
            "\n{}  {:<11} {:<7} {:<6}  {:>7}  {prompt}{about}",
            job.job_id,
            state(job),
            job.service,
            job.kind,
            age(&job.created_at, now)
        );
    }
    next(&mut text, &list.next);
    text
}

/// How long ago something was, in the largest unit that fits.
pub(super) fn age(at: &str, now: jiff::Timestamp) -> String {
    let Ok(at) = at.parse::<jiff::Timestamp>() else { return String::new() };
    let seconds = now.as_second().saturating_sub(at.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
