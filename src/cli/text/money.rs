//! Prices, balances and the books in words.

use std::fmt::Write as _;

use super::{next, next_at, number};
use crate::jobs::money::books::Books;
use crate::jobs::money::estimate::Estimate;
use crate::jobs::money::wallet::Wallet;
use crate::jobs::rehearsal::SHORT_MARK;
use crate::model::report::{CreditsReport, RemoteReport};

/// The wallet and its limits.
pub(in crate::cli) fn wallet(told: &Wallet) -> String {
    let mut text = told.message.clone();
    for rule in &told.rules {
        let _ = write!(text, "\nLimit    {rule}");
    }
    if let Some(budget) = &told.account_budget {
        let _ = write!(text, "\nAccount  {budget}.");
    }
    for purse in &told.sub_wallets {
        let _ = write!(text, "\nPurse    {purse}");
    }
    if let Some(beside) = &told.beside_the_books {
        let _ = write!(text, "\nBooks    {}", beside.message);
    }
    next(&mut text, &told.next);
    text
}

/// A price, and what the named model makes, or what all of them make.
pub(in crate::cli) fn estimate(told: &Estimate) -> String {
    let mut text = told.message.clone();
    for model in &told.models {
        let lengths: Vec<_> = model.durations_s.iter().map(u32::to_string).collect();
        let _ = write!(text, "\n\n{}", model.model);
        if let Some(retired) = &model.retired {
            let _ = write!(text, "  (retired {retired})");
            continue;
        }
        for (name, values) in [
            ("seconds", &lengths),
            ("shapes", &model.aspect_ratios),
            ("sizes", &model.resolutions),
            ("default", &Vec::from_iter(Some(model.default.clone()).filter(|known| !known.is_empty()))),
            ("takes", &model.takes),
            ("rules", &model.rules),
            ("prices", &model.prices),
        ] {
            if !values.is_empty() {
                let between = if name == "rules" { "; " } else { ", " };
                let _ = write!(text, "\n  {name:<8} {}", values.join(between));
            }
        }
    }
    next(&mut text, &told.next);
    text
}

/// The books: a line per call and the sums.
pub(in crate::cli) fn books(books: &Books) -> String {
    let mut text = String::new();
    for entry in &books.entries {
        let charged = match (&entry.charged_usd, entry.source.as_str()) {
            (Some(usd), "receipt" | "answer") => usd.to_string(),
            (Some(usd), source) => format!("{usd} ({source})"),
            (None, source) => format!("{source}, at most {}", entry.most_usd),
        };
        let expected = entry.estimated_usd.map(|usd| format!(", expected {usd}")).unwrap_or_default();
        let lost = entry.wallet_lost_usd.map(|usd| format!(", wallet lost {usd}")).unwrap_or_default();
        let seconds = entry.duration_s.map(|seconds| format!(" {seconds} s")).unwrap_or_default();
        let mark = if entry.rehearsal { SHORT_MARK } else { "" };
        let _ = writeln!(
            text,
            "{mark}{}  {}  {}{seconds}  {charged}{expected}{lost}  {}",
            entry.at.split('.').next().unwrap_or(&entry.at),
            entry.service,
            entry.model,
            entry.job_id
        );
        let remote = RemoteReport {
            id: Some(entry.remote_id.clone()).filter(|id| !id.is_empty()),
            record_id: Some(entry.record_id.clone()).filter(|id| !id.is_empty()),
        };
        if let Some(words) = remote.words() {
            let _ = writeln!(text, "    at the service: {words}");
        }
        if !entry.receipt_check.is_empty() {
            let _ = writeln!(text, "    receipt: {}", entry.receipt_check);
        }
    }
    for sum in &books.by_model {
        let mark = if sum.rehearsal { SHORT_MARK } else { "" };
        let _ = writeln!(
            text,
            "{mark}Sum  {}  {}: {} calls, {} charged, {} expected",
            sum.service, sum.model, sum.calls, sum.charged_usd, sum.estimated_usd
        );
    }
    for period in books.wallet.iter().flat_map(|stretch| &stretch.unexplained) {
        let _ = writeln!(
            text,
            "Wallet  {}  {} to {}: lost {}, booked {}, perhaps {} more, unexplained {}",
            period.service,
            period.from,
            period.to,
            period.lost_usd,
            period.booked_usd,
            period.perhaps_usd,
            period.unexplained_usd
        );
    }
    text.push_str(&books.message);
    text
}

/// A balance.
pub(in crate::cli) fn credits(report: &CreditsReport) -> String {
    let mut text = report.message.trim_end().to_owned();
    if let (Some(available), Some(frozen), Some(total)) = (report.available, report.frozen, report.total) {
        let _ = write!(
            text,
            "\nCredits   {} available, {} frozen, {} in all ({})",
            number(available),
            number(frozen),
            number(total),
            report.service
        );
    }
    if let Some(address) = &report.top_up {
        let _ = write!(text, "\nTop up    {address}");
    }
    next_at(&report.service, &mut text, &report.next);
    text
}
