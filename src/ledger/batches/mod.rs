//! Batches and their lines: written down together, begun one by one.

mod briefs;
mod change;
mod enqueue;
mod queries;

use std::path::PathBuf;

use sqlx::sqlite::SqliteRow;

use super::row;
use crate::error::{Error, Kind, Result};
use crate::model::batch::{Batch, Line};
use crate::money::Usd;

pub use briefs::Brief;
pub use change::{BatchChange, LineChange};
pub use enqueue::{Enqueued, NewBatch, NewLine};

fn batch(found: &SqliteRow) -> Result<Batch> {
    Ok(Batch {
        name: row::get(found, "name")?,
        state: row::word(found, "state")?,
        budget: row::get::<Option<i64>>(found, "budget_micros")?.map(Usd::from_micros),
        budget_is_set: row::get(found, "budget_is_set")?,
        concurrency: row::get(found, "concurrency")?,
        working_dir: PathBuf::from(row::get::<String>(found, "working_dir")?),
        hold: row::optional_json(found, "hold")?,
        created_at_ms: row::get(found, "created_at_ms")?,
        updated_at_ms: row::get(found, "updated_at_ms")?,
    })
}

fn line(found: &SqliteRow) -> Result<Line> {
    Ok(Line {
        batch: row::get(found, "batch")?,
        key: row::get(found, "key")?,
        place: row::get(found, "place")?,
        line: row::get(found, "line")?,
        service: row::word(found, "service")?,
        wish: row::json(found, "wish")?,
        model: row::get(found, "model")?,
        spent_arms: row::json(found, "spent_arms")?,
        most: row::get::<Option<i64>>(found, "most_micros")?.map(Usd::from_micros),
        state: row::word(found, "state")?,
        round: row::get(found, "round")?,
        due_at_ms: row::get(found, "due_at_ms")?,
        job_id: row::optional_word(found, "job_id")?,
        note: row::get(found, "note")?,
        failure: row::optional_json(found, "failure")?,
        updated_at_ms: row::get(found, "updated_at_ms")?,
    })
}

fn no_such_batch(name: &str) -> Error {
    let shown = crate::redact::quote(name, 60);
    Error::new(Kind::NotFound, format!("There is no batch \"{shown}\" in the ledger."))
        .next("`firstcut batch list` shows those there are.")
}

fn cancelled(name: &str) -> Error {
    Error::invalid(format!("The batch {name} was cancelled; nothing more can be done with it."))
        .next("Begin another one with --name.")
}
