//! Reports in words, for people at a terminal.

mod job;
mod list;
mod money;
mod session;

use std::fmt::Write as _;

use super::advice;

pub(super) use job::{job, made};
pub(super) use list::jobs;
pub(super) use money::{books, credits, estimate, wallet};
pub(super) use session::{session, upload};

/// Bytes in the unit that people use for files.
pub(super) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let amount = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", amount / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", amount / 1e6),
        _ => format!("{:.1} GB", amount / 1e9),
    }
}

/// At most two decimals, and none that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn next(text: &mut String, step: &str) {
    next_at("", text, step);
}

/// What to do next about the work of a service.
fn next_at(service: &str, text: &mut String, step: &str) {
    if !step.is_empty() {
        let _ = write!(text, "\nNext: {}", advice::at(service, step));
    }
}

#[cfg(test)]
mod tests;
