//! The loop that moves jobs: one process of those that share a ledger is the dispatcher.

use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Runs until `stop`: waits to be elected, then steps whatever is due. Returns after the steps in hand have
/// let go of their leases.
pub async fn run(app: App, stop: CancellationToken) {
    let _ = (app, stop);
}
