//! The mark on everything that is said of a rehearsal: nobody may mistake it for the real thing.

use crate::model::job::Service;

/// In front of a message.
const MARK: &str = "[sandbox: a rehearsal, nothing real was made or charged] ";
/// The same where there are many lines.
pub const SHORT_MARK: &str = "[sandbox] ";

/// What stands in front of a message about a job of this service.
pub(super) fn mark(service: Service) -> &'static str {
    if service.is_rehearsal() { MARK } else { "" }
}

/// A marked message for a line among many.
#[must_use]
pub fn shortly_marked(message: &str) -> String {
    message.replacen(MARK, SHORT_MARK, 1)
}
