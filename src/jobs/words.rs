//! The words of a service on their way to a person: GUI talk becomes actions, internals and secrets are cut.

use crate::model::report::ActionReport;
use crate::nemo::gui::{self, Action, When};
use crate::redact;

/// Longest reply that is handed on, in characters.
const MAX_REPLY_CHARS: usize = 2_000;

/// A reply without instructions to click anything, and what it asked for.
///
/// Showing the timeline is free and harmless, so it is done. An export is carried out where the caller wanted a
/// file, which the caller's job does anyway; everything that costs or changes something is offered.
pub(super) fn translate(reply: &str) -> (String, Vec<ActionReport>) {
    let translation = gui::translate(reply);
    let actions = translation
        .actions
        .iter()
        .map(|wish| {
            let (action, status) = match (wish.action, wish.when) {
                (Action::ShowTracks | Action::QueryState, _) => ("show_timeline", "done"),
                (Action::ExecuteExport, When::Now) => ("export", "asked"),
                (Action::ExecuteExport, When::UserConfirms) => ("export", "offered"),
                (Action::SendEdit, _) => ("edit", "offered"),
                (Action::ExecuteViaApi, _) => ("operate", "offered"),
            };
            ActionReport {
                action: action.to_owned(),
                status: status.to_owned(),
                detail: wish.target.as_deref().map(|target| redact::quote(target, 200)),
            }
        })
        .collect();
    (cap(&redact::scrub(&translation.text)), actions)
}

/// A service's error without paths and process numbers, which are nobody's business.
pub(super) fn without_internals(error: &str) -> String {
    let words: Vec<_> = error
        .split_whitespace()
        .filter(|word| (!word.contains('/') || word.contains("://")) && !word.starts_with("pid="))
        .collect();
    words.join(" ").trim_end_matches(':').to_owned()
}

/// Cut at a length that an assistant can read.
fn cap(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_REPLY_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internals_are_cut() {
        assert_eq!(
            without_internals("RuntimeError: worker vanished: /srv/nemo/worker-17 pid=4242"),
            "RuntimeError: worker vanished"
        );
    }
}
