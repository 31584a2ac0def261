//! Holds: a wallet that had too little in it, and whose turn it is to try again.

use sqlx::sqlite::SqliteRow;

use super::{Ledger, Tx, row};
use crate::error::Result;
use crate::model::job::{EpochMs, Service};

/// A wallet with which nothing is sent but one probe at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Since when.
    pub since_ms: EpochMs,
    /// When the next request may be tried.
    pub probe_at_ms: EpochMs,
    /// How often that was done in vain.
    pub probes: u32,
}

impl Ledger {
    /// The hold on a wallet, if there is one.
    pub async fn hold(&self, service: Service, wallet: &str) -> Result<Option<Hold>> {
        let query = sqlx::query("SELECT * FROM hold WHERE service = $1 AND wallet = $2")
            .bind(service.name())
            .bind(wallet);
        self.one(query, read).await
    }

    /// The wallet had too little in it at `now_ms`: the next request is not tried before `probe_at_ms`, or before the
    /// time that stands already.
    pub async fn begin_hold(
        &self,
        service: Service,
        wallet: &str,
        now_ms: EpochMs,
        probe_at_ms: EpochMs,
    ) -> Result<Hold> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "INSERT INTO hold (service, wallet, since_ms, probe_at_ms, probes) VALUES ($1, $2, $3, $4, 0) \
             ON CONFLICT (service, wallet) DO UPDATE SET \
             probe_at_ms = CASE WHEN hold.probe_at_ms > $4 THEN hold.probe_at_ms ELSE $4 END RETURNING *",
        )
        .bind(service.name())
        .bind(wallet)
        .bind(now_ms)
        .bind(probe_at_ms)
        .fetch_one(&mut *tx)
        .await?;
        self.publish(tx).await?;
        read(&row)
    }

    /// Takes the next probe of a hold as it was seen, and puts the one after it off. False if somebody else has it.
    pub async fn take_probe(
        &self,
        service: Service,
        wallet: &str,
        seen: &Hold,
        next_ms: EpochMs,
    ) -> Result<bool> {
        let mut tx = self.begin_lightly().await?;
        let taken = sqlx::query(
            "UPDATE hold SET probe_at_ms = $1, probes = probes + 1 \
             WHERE service = $2 AND wallet = $3 AND probe_at_ms = $4 AND probes = $5",
        )
        .bind(next_ms)
        .bind(service.name())
        .bind(wallet)
        .bind(seen.probe_at_ms)
        .bind(i64::from(seen.probes))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken.rows_affected() > 0)
    }

    /// There is money again: whatever waits is due now. False if there was no hold.
    pub async fn lift_hold(&self, service: Service, wallet: &str, now_ms: EpochMs) -> Result<bool> {
        let mut tx = self.begin().await?;
        let lifted = sqlx::query("DELETE FROM hold WHERE service = $1 AND wallet = $2")
            .bind(service.name())
            .bind(wallet)
            .execute(&mut *tx)
            .await?;
        if lifted.rows_affected() == 0 {
            return Ok(false);
        }
        wake_waiting(&mut tx, service, now_ms).await?;
        self.publish(tx).await?;
        Ok(true)
    }

    /// There may be money again: the next probe is due now. False if there is no hold.
    pub async fn hurry_hold(&self, service: Service, wallet: &str, now_ms: EpochMs) -> Result<bool> {
        if self.hold(service, wallet).await?.is_none() {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE hold SET probe_at_ms = $1 WHERE service = $2 AND wallet = $3")
            .bind(now_ms)
            .bind(service.name())
            .bind(wallet)
            .execute(&mut *tx)
            .await?;
        wake_waiting(&mut tx, service, now_ms).await?;
        self.publish(tx).await?;
        Ok(true)
    }
}

/// Runs that wait for money say so as their failure, and nothing else in the queue has one.
async fn wake_waiting(tx: &mut Tx, service: Service, now_ms: EpochMs) -> Result<()> {
    sqlx::query(
        "UPDATE job SET due_at_ms = $1 WHERE service = $2 AND kind = 'run' AND state = 'queued' \
         AND failure IS NOT NULL AND due_at_ms > $1",
    )
    .bind(now_ms)
    .bind(service.name())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Hold> {
    Ok(Hold {
        since_ms: row::get(row, "since_ms")?,
        probe_at_ms: row::get(row, "probe_at_ms")?,
        probes: row::get(row, "probes")?,
    })
}
