//! Readings of the wallet: taken where money moves, so that the books can be compared with what was really taken.

use std::time::Duration;

use crate::app::App;
use crate::error::Result;
use crate::jobs::money::hold;
use crate::ledger::Reading;
use crate::model::job::{EpochMs, Service};
use crate::skillboss::wallet::Balance;

/// A reading this young need not be taken again beside running work.
const YOUNG_MS: EpochMs = 10 * 60 * 1000;
/// Paid work does not wait for longer to know what is in the wallet.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks what is in the wallet, and keeps the answer. More than before sends what waited for money on its way.
pub(in crate::jobs) async fn take(app: &App, service: Service) -> Result<Balance> {
    let (ledger, client) = (app.ledger().await?, app.skillboss(service).await?);
    let wallet = client.wallet()?;
    let before = ledger.last_balance(service, &wallet).await?;
    let balance = read(app, service).await?;
    if before.is_none_or(|before| balance.available > before.balance) {
        hold::hurry(app, service, &wallet).await?;
    }
    Ok(balance)
}

/// Asks what is in the wallet, and keeps the answer.
pub(in crate::jobs) async fn read(app: &App, service: Service) -> Result<Balance> {
    let client = app.skillboss(service).await?;
    let asked_at_ms = app.now_ms();
    let balance = client.balance().await?;
    let reading = Reading {
        service,
        wallet: client.wallet()?,
        asked_at_ms,
        answered_at_ms: app.now_ms(),
        balance: balance.available,
    };
    app.ledger().await?.note_balance(&reading).await?;
    Ok(balance)
}

/// Before a paid request: the last reading is young enough, or a new one is taken.
pub(in crate::jobs) async fn before_charge(app: &App, service: Service) {
    let due = async {
        let wallet = app.skillboss(service).await?.wallet()?;
        let last = app.ledger().await?.last_balance(service, &wallet).await?;
        Ok(last.is_none_or(|last| app.now_ms() - last.answered_at_ms > YOUNG_MS))
    };
    if_due(app, service, due).await;
}

/// After a charge was settled: best when nothing else is under way, because then the difference is exact.
pub(in crate::jobs) async fn after_charge(app: &App, service: Service) {
    let due = async {
        let wallet = app.skillboss(service).await?.wallet()?;
        let ledger = app.ledger().await?;
        let last = ledger.last_balance(service, &wallet).await?;
        let old = last.is_none_or(|last| app.now_ms() - last.answered_at_ms > YOUNG_MS);
        Ok(old || !ledger.is_spending(service).await?)
    };
    if_due(app, service, due).await;
}

/// A reading is a convenience: without it the work goes on, and the next one covers a longer time.
async fn if_due(app: &App, service: Service, due: impl Future<Output = Result<bool>>) {
    let reading = async {
        if due.await? {
            take(app, service).await?;
        }
        Ok::<_, crate::error::Error>(())
    };
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(%error, "the balance was not read"),
        Err(_) => tracing::info!("the balance was not read: the service takes too long"),
    }
}
