//! The books as a table.

use super::Books;
use crate::error::{Error, Result};
use crate::money::Usd;

/// The entries as CSV (RFC 4180), amounts as plain decimals. A cell that a spreadsheet would take for a formula is
/// made plain text. The columns of dollars hold real ones only, so that whoever sums them up is right; those of a
/// rehearsal stand in a column of their own.
pub fn csv(books: &Books) -> Result<String> {
    let failed = |error: ::csv::Error| Error::internal("The table cannot be written.").because(error);
    let mut table = ::csv::Writer::from_writer(Vec::new());
    table
        .write_record([
            "at",
            "job_id",
            "parent_id",
            "service",
            "model",
            "state",
            "duration_s",
            "most_usd",
            "estimated_usd",
            "charged_usd",
            "source",
            "wallet_lost_usd",
            "remote_id",
            "record_id",
            "batch",
            "receipt",
            "receipt_model",
            "receipt_seconds",
            "receipt_check",
            "prompt",
            "rehearsal",
            "rehearsed_usd",
        ])
        .map_err(failed)?;
    for entry in &books.entries {
        let plainly = |amount: Option<Usd>| amount.map(Usd::to_decimal).unwrap_or_default();
        let usd = |amount: Option<Usd>| plainly(amount.filter(|_| !entry.rehearsal));
        table
            .write_record([
                entry.at.clone(),
                entry.job_id.clone(),
                entry.parent_id.clone(),
                entry.service.clone(),
                plain(&entry.model),
                entry.state.clone(),
                entry.duration_s.map(|seconds| seconds.to_string()).unwrap_or_default(),
                usd(Some(entry.most_usd)),
                usd(entry.estimated_usd),
                usd(entry.charged_usd),
                entry.source.clone(),
                usd(entry.wallet_lost_usd),
                plain(&entry.remote_id),
                plain(&entry.record_id),
                plain(&entry.batch),
                plain(&entry.receipt),
                entry.receipt_model.as_deref().map(plain).unwrap_or_default(),
                entry.receipt_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
                entry.receipt_check.clone(),
                plain(&entry.prompt),
                if entry.rehearsal { "yes" } else { "no" }.to_owned(),
                plainly(entry.charged_usd.filter(|_| entry.rehearsal)),
            ])
            .map_err(failed)?;
    }
    let bytes = table
        .into_inner()
        .map_err(|error| Error::internal("The table cannot be written.").because(error.into_error()))?;
    String::from_utf8(bytes).map_err(|error| Error::internal("The table is no text.").because(error))
}

fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
