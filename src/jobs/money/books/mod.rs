//! The books: every charge beside what was expected and allowed, and beside what the wallet really lost, with sums, for
//! people and for accounting.

pub(super) mod balance;
mod csv;
mod verify;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{Error, Result};
use crate::ledger::{Booked, Charge};
use crate::model::job::{EpochMs, Job, State};
use crate::model::request::Request;
use crate::money::Usd;
use crate::redact;
use crate::skillboss::receipt::{Claims, Signature};

pub use balance::{Period, Stretch};
pub use csv::csv;
pub use verify::verify;

/// All charges of a span of time.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Books {
    /// One entry per paid call, oldest first.
    pub entries: Vec<Entry>,
    /// Sums by service and model.
    pub by_model: Vec<Sum>,
    /// Charged in all, without rehearsals.
    pub charged_usd: Usd,
    /// Set aside for what still runs or cannot be told, without rehearsals.
    pub reserved_usd: Usd,
    /// Make-believe dollars: what rehearsals were charged.
    pub rehearsed_usd: Usd,
    /// The wallet over the same time: what it lost beside what is booked.
    pub wallet: Vec<Stretch>,
    /// For the person.
    pub message: String,
}

/// One paid call.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Entry {
    /// When the money was set aside (RFC 3339).
    pub at: String,
    /// The job.
    pub job_id: String,
    /// The long video that it is a part of.
    pub parent_id: String,
    /// skillboss or sandbox.
    pub service: String,
    /// The sandbox did it, and its dollars are make-believe.
    pub rehearsal: bool,
    /// The model that was paid for.
    pub model: String,
    /// The job's state.
    pub state: String,
    /// Seconds that were asked for.
    pub duration_s: Option<u32>,
    /// The most that was allowed.
    pub most_usd: Usd,
    /// What was expected.
    pub estimated_usd: Option<Usd>,
    /// What was charged; none while that is open.
    pub charged_usd: Option<Usd>,
    /// receipt, answer, estimate, `worst_case`; `free` when nothing was charged.
    pub source: String,
    /// What the wallet lost, where it was read before and after this call and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet_lost_usd: Option<Usd>,
    /// The service's name for the call, to quote to support.
    pub remote_id: String,
    /// The service's own record of the charge, to quote to support too.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub record_id: String,
    /// The batch that it belongs to.
    pub batch: String,
    /// The receipt as it came.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub receipt: String,
    /// The model that the receipt names; unverified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_model: Option<String>,
    /// The seconds that the receipt charges; unverified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_seconds: Option<f64>,
    /// With the key for receipts, or `verify`: genuine, or what is wrong with the receipt. Nothing: not looked at.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub receipt_check: String,
    /// The words that were asked for.
    pub prompt: String,
}

/// What a model came to.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Sum {
    /// skillboss or sandbox.
    pub service: String,
    /// Its dollars are make-believe.
    pub rehearsal: bool,
    /// The model.
    pub model: String,
    /// Paid calls.
    pub calls: u32,
    /// What they were expected to cost.
    pub estimated_usd: Usd,
    /// What they were charged.
    pub charged_usd: Usd,
}

/// The books since a moment.
pub async fn books(app: &App, since_ms: EpochMs) -> Result<Books> {
    let ledger = app.ledger().await?;
    // Before the charges are read: what is settled meanwhile is then seen as perhaps in between.
    let unread = balance::read_now(app).await;
    let mut books = Books { wallet: balance::compare(ledger, since_ms).await?, ..Books::default() };
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    for booked in ledger.charges(since_ms).await? {
        let job = ledger.job(&booked.job_id).await?;
        // What was set aside for a whole is divided among its parts, which have entries of their own.
        if matches!(job.request, Request::Film(_)) && booked.charge == Some(Charge::Freed) {
            continue;
        }
        let asked_for = job.work.pointer("/remote/id").and_then(serde_json::Value::as_str).map(str::to_owned);
        let remote = match asked_for {
            Some(name) => Some(name),
            None => ledger.last_attempt(&job.id).await?.and_then(|attempt| attempt.remote_id),
        };
        let record = ["/record_id", "/remote/record_id"]
            .iter()
            .find_map(|place| job.work.pointer(place).and_then(serde_json::Value::as_str))
            .unwrap_or_default();
        let real = !booked.service.is_rehearsal();
        let add = |sum: Usd, more: Usd| sum.checked_add(more).unwrap_or(Usd::MAX);
        match &booked.charge {
            Some(Charge::Settled { charged, .. }) => {
                let key = (booked.service.name().to_owned(), booked.model.clone());
                let sum = sums.entry(key.clone()).or_insert_with(|| Sum {
                    service: key.0,
                    rehearsal: !real,
                    model: key.1,
                    ..Sum::default()
                });
                sum.calls += 1;
                sum.charged_usd = add(sum.charged_usd, *charged);
                sum.estimated_usd = add(sum.estimated_usd, booked.estimate.unwrap_or_default());
                let all = if real { &mut books.charged_usd } else { &mut books.rehearsed_usd };
                *all = add(*all, *charged);
            }
            None if real => books.reserved_usd = add(books.reserved_usd, booked.most),
            _ => {}
        }
        let lost = books.wallet.iter().find_map(|stretch| stretch.lost_by(&job.id));
        books.entries.push(Entry {
            wallet_lost_usd: lost,
            record_id: redact::label(record),
            ..entry(&booked, &job, remote)?
        });
    }
    books.by_model = sums.into_values().collect();
    let rehearsed = books.entries.iter().filter(|entry| entry.rehearsal).count();
    books.message = match books.entries.len() - rehearsed {
        0 => "Nothing was paid in dollars.".to_owned(),
        calls => format!(
            "{calls} paid {}; {} charged, {} set aside for what still runs or cannot be told.",
            if calls == 1 { "call" } else { "calls" },
            books.charged_usd,
            books.reserved_usd,
        ),
    };
    if rehearsed > 0 {
        books.message.push_str(&format!(
            " Beside that, {rehearsed} rehearsed {} came to {} of make-believe dollars, which are in no other sum.",
            if rehearsed == 1 { "call" } else { "calls" },
            books.rehearsed_usd
        ));
    }
    let refused =
        books.entries.iter().filter(|entry| entry.receipt_check.starts_with(verify::REFUSED)).count();
    if refused > 0 {
        books.message.push_str(&format!(
            " ⚠️ Of the receipts {refused} {} not genuine by the key in SKILLBOSS_RECEIPT_KEY.",
            if refused == 1 { "is" } else { "are" }
        ));
    }
    for said in books.wallet.iter().map(|stretch| &stretch.message).chain(&unread) {
        books.message.push('\n');
        books.message.push_str(said);
    }
    Ok(books)
}

fn entry(booked: &Booked, job: &Job, remote: Option<String>) -> Result<Entry> {
    let at = Timestamp::from_millisecond(booked.reserved_at_ms)
        .map_err(|error| Error::internal("A time in the books makes no sense.").because(error))?;
    let (charged, source, receipt) = match &booked.charge {
        Some(Charge::Settled { charged, source, receipt }) => {
            (Some(*charged), source.name(), receipt.clone().unwrap_or_default())
        }
        Some(Charge::Freed) => (Some(Usd::ZERO), "free", String::new()),
        None if job.state == State::Uncertain => (None, "unknown", String::new()),
        None => (None, "open", String::new()),
    };
    let (prompt, duration_s) = match &job.request {
        Request::Run(run) => (run.prompt.clone(), run.inputs.duration_s),
        Request::Film(film) => (film.prompt.clone(), Some(film.duration_s as u32)),
        _ => (String::new(), None),
    };
    let claims = Claims::unverified(&receipt).unwrap_or_default();
    let mut entry = Entry {
        at: at.to_string(),
        job_id: job.id.to_string(),
        parent_id: job.parent_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        service: booked.service.name().to_owned(),
        rehearsal: booked.service.is_rehearsal(),
        model: booked.model.clone(),
        state: job.state.name().to_owned(),
        duration_s,
        most_usd: booked.most,
        estimated_usd: booked.estimate,
        charged_usd: charged,
        source: source.to_owned(),
        wallet_lost_usd: None,
        remote_id: remote.unwrap_or_default(),
        record_id: String::new(),
        batch: booked.batch.clone().unwrap_or_default(),
        receipt,
        receipt_model: claims.model.clone(),
        receipt_seconds: claims.seconds,
        receipt_check: String::new(),
        prompt,
    };
    entry.receipt_check = match job.work.get("receipt_check").and_then(serde_json::Value::as_str) {
        Some(Signature::GENUINE) => verify::compared(&claims, &entry),
        said => said.unwrap_or_default().to_owned(),
    };
    Ok(entry)
}
