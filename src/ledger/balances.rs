//! Readings: what a service said was in a wallet, and when it was asked.

use sqlx::sqlite::SqliteRow;

use super::{Ledger, row};
use crate::error::Result;
use crate::model::job::{EpochMs, Service};
use crate::money::Usd;

/// What was in a wallet at some moment between the question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose wallet.
    pub service: Service,
    /// A mark of its key.
    pub wallet: String,
    /// When the question left.
    pub asked_at_ms: EpochMs,
    /// When its answer was here.
    pub answered_at_ms: EpochMs,
    /// Dollars that could be spent.
    pub balance: Usd,
}

impl Ledger {
    /// Writes a reading down.
    pub async fn note_balance(&self, reading: &Reading) -> Result<()> {
        let mut tx = self.begin_lightly().await?;
        sqlx::query(
            "INSERT INTO balance (service, wallet, asked_at_ms, answered_at_ms, balance_micros) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(reading.service.name())
        .bind(&reading.wallet)
        .bind(reading.asked_at_ms)
        // A clock that was set back in between must not hide what was read.
        .bind(reading.answered_at_ms.max(reading.asked_at_ms))
        .bind(reading.balance.micros())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// The newest reading of a wallet.
    pub async fn last_balance(&self, service: Service, wallet: &str) -> Result<Option<Reading>> {
        let query =
            sqlx::query("SELECT * FROM balance WHERE service = $1 AND wallet = $2 ORDER BY seq DESC LIMIT 1")
                .bind(service.name())
                .bind(wallet);
        self.one(query, reading).await
    }

    /// The readings of a service since a moment, oldest first, and before them the last one from before it.
    pub async fn balances(&self, service: Service, since_ms: EpochMs) -> Result<Vec<Reading>> {
        let query = sqlx::query(
            "SELECT * FROM balance WHERE service = $1 AND seq >= COALESCE( \
             (SELECT MAX(seq) FROM balance WHERE service = $1 AND answered_at_ms < $2), 0) ORDER BY seq",
        )
        .bind(service.name())
        .bind(since_ms);
        self.all(query, reading).await
    }
}

fn reading(row: &SqliteRow) -> Result<Reading> {
    Ok(Reading {
        service: row::word(row, "service")?,
        wallet: row::get(row, "wallet")?,
        asked_at_ms: row::get(row, "asked_at_ms")?,
        answered_at_ms: row::get(row, "answered_at_ms")?,
        balance: Usd::from_micros(row::get(row, "balance_micros")?),
    })
}
