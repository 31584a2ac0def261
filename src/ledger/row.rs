//! Rows into values and back. A row that cannot be read is named, never guessed at.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row, Sqlite, Type};

use crate::error::{Error, Kind, Result};
use crate::model::job::{Failure, Job, JobKind, Service, State};
use crate::model::request::Request;

/// Reads a job from a row of all columns.
pub(super) fn job(row: &SqliteRow) -> Result<Job> {
    Ok(Job {
        id: word(row, "id")?,
        parent_id: optional_word(row, "parent_id")?,
        kind: word::<JobKind>(row, "kind")?,
        service: word::<Service>(row, "service")?,
        session_id: get(row, "session_id")?,
        state: word::<State>(row, "state")?,
        request: json::<Request>(row, "request")?,
        work: json::<Value>(row, "work")?,
        dedupe_key: get(row, "dedupe_key")?,
        attempts: get(row, "attempts")?,
        failure: optional_json::<Failure>(row, "failure")?,
        note: get(row, "note")?,
        progress_pct: get(row, "progress_pct")?,
        cancel_requested: get(row, "cancel_requested")?,
        created_at_ms: get(row, "created_at_ms")?,
        updated_at_ms: get(row, "updated_at_ms")?,
        due_at_ms: get(row, "due_at_ms")?,
        fence: get(row, "fence")?,
    })
}

/// Reads many jobs. One that cannot be read (of a newer version, say) is reported in the log and left out, so
/// that it does not hide the others; asked for by its name, it gives the error.
pub(super) fn jobs(rows: &[SqliteRow]) -> Vec<Job> {
    rows.iter()
        .filter_map(|row| match job(row) {
            Ok(job) => Some(job),
            Err(error) => {
                tracing::error!(%error, "a job in the ledger is skipped");
                None
            }
        })
        .collect()
}

/// A column as it is.
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
    &'static str: ColumnIndex<SqliteRow>,
{
    row.try_get(column).map_err(|error| unreadable(row, column).because(error))
}

/// A column that holds a name of ours.
pub(super) fn word<T: FromStr<Err = Error>>(row: &SqliteRow, column: &'static str) -> Result<T> {
    get::<&str>(row, column)?.parse().map_err(|error: Error| unreadable(row, column).because(error))
}

/// A column that holds a name of ours or nothing.
pub(super) fn optional_word<T: FromStr<Err = Error>>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?
        .map(|text| text.parse().map_err(|error: Error| unreadable(row, column).because(error)))
        .transpose()
}

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Result<T> {
    serde_json::from_str(get(row, column)?).map_err(|error| unreadable(row, column).because(error))
}

/// A column that holds JSON or nothing.
pub(super) fn optional_json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?
        .map(|text| serde_json::from_str(text).map_err(|error| unreadable(row, column).because(error)))
        .transpose()
}

/// JSON for a column.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal("A value cannot be written into the ledger.").because(error))
}

fn unreadable(row: &SqliteRow, column: &str) -> Error {
    let id = ["id", "job_id", "session_id"].into_iter().find_map(|name| row.try_get::<String, _>(name).ok());
    let id = id.as_deref().unwrap_or("without a name");
    Error::new(
        Kind::Ledger,
        format!("The ledger's row {id} cannot be read: its field {column} makes no sense."),
    )
    .next("It may come from a newer firstcut: update this one. Nothing was changed.")
}
