//! The two ways in which the loop that moves jobs is ended.

use tokio_util::sync::CancellationToken;

/// Ends a loop, at once or gently. Clones end the same one.
#[derive(Clone, Debug)]
pub struct Stop {
    at_once: CancellationToken,
    gently: CancellationToken,
}

impl Stop {
    /// Steps in hand let go as soon as they can, also in the middle of a message. What that did is read later.
    pub fn at_once(&self) {
        self.at_once.cancel();
        self.gently.cancel();
    }

    /// Nothing more is begun; what is in hand comes to its end.
    pub fn gently(&self) {
        self.gently.cancel();
    }

    /// One that ends with this one, and by itself.
    pub(super) fn child(&self) -> Self {
        Self { at_once: self.at_once.child_token(), gently: self.gently.child_token() }
    }

    /// Goes off when nothing more shall be begun.
    pub(super) const fn no_more(&self) -> &CancellationToken {
        &self.gently
    }

    /// Goes off when steps in hand shall let go.
    pub(super) const fn let_go(&self) -> &CancellationToken {
        &self.at_once
    }
}

impl From<CancellationToken> for Stop {
    /// Ends at once when the token goes off.
    fn from(at_once: CancellationToken) -> Self {
        Self { gently: at_once.child_token(), at_once }
    }
}

impl Default for Stop {
    fn default() -> Self {
        CancellationToken::new().into()
    }
}
