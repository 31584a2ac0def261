//! Brings the clip of a finished run here, at once and for as long as the service keeps it.

use std::path::Path;
use std::time::Duration;

use super::{RETENTION_MS, RunWork, watch};
use crate::error::{Error, Kind, Money};
use crate::jobs::deliver::{self, Wanted};
use crate::jobs::engine::step::{Halt, Step, notes};
use crate::ledger::Change;
use crate::model::job::{Failure, State};
use crate::model::request::Run;
use crate::net::staged::Staged;
use crate::redact::SafeUrl;
use crate::skillboss::status::Phase;

/// Fetches and places the file; done again from anywhere after a crash, with the same result.
pub(super) async fn step(step: &mut Step, run: &Run, mut work: RunWork) -> Result<(), Halt> {
    let Some(output) = run.output_path.clone() else {
        return Err(Error::internal("A run without a file has nothing to fetch.").into());
    };
    let wanted = Wanted {
        output: &output,
        inspection: &run.inspection,
        delivery: &run.delivery,
        is_part: step.job.parent_id.is_some(),
    };
    let mut end = work.end.clone();
    if !deliver::is_placed(step, &wanted, &end).await {
        if step.job.state != State::Delivering {
            step.record(Change {
                state: Some(State::Delivering),
                note: Some("Downloading the clip…".to_owned()),
                keep_lease: true,
                due_at_ms: step.in_a(Duration::ZERO),
                ..Change::default()
            })
            .await?;
        }
        let Some(sha256) = bring(step, run, &mut work, &output).await? else { return Ok(()) };
        deliver::place(step, &wanted, &mut end, sha256).await?;
    }
    // The clip is here: an address that may be signed need not be kept any longer.
    if let Some(notes) = step.job.work.as_object_mut() {
        notes.remove("address");
    }
    deliver::finish(step, &wanted, end).await
}

/// Brings the clip into the part file; gives its sum. None when the row was changed.
async fn bring(
    step: &mut Step,
    run: &Run,
    work: &mut RunWork,
    output: &Path,
) -> Result<Option<String>, Halt> {
    let part = deliver::part_file(output, step.job.id.as_str());
    let kept = work.remote.is_none() && work.address.is_none();
    let fetched = if kept {
        // The answer was the clip itself, and lies here already.
        Staged::open(&part).await?.finish().await
    } else {
        let Some(url) = address(step, run, work).await? else { return Ok(None) };
        let client = step.skillboss().await?;
        step.unless_stopped(client.download(&url, &part, &|_, _| {})).await?
    };
    match fetched {
        Ok(downloaded) => Ok(Some(downloaded.sha256)),
        Err(error) => {
            if error.kind() == Kind::Storage {
                // On a full disk half a clip helps nobody, and the whole one is still at the service.
                deliver::remove(&part);
            }
            Err(error.into())
        }
    }
}

/// Puts a clip that came within an answer to where a download would put it.
pub(super) async fn keep(step: &Step, run: &Run, clip: &[u8]) -> Result<(), Halt> {
    let Some(output) = &run.output_path else { return Ok(()) };
    let mut staged = Staged::open(&deliver::part_file(output, step.job.id.as_str())).await?;
    staged.restart().await?;
    staged.append(clip).await?;
    staged.finish().await?;
    Ok(())
}

/// Whether such a clip is here.
pub(super) async fn is_kept(step: &Step, run: &Run) -> bool {
    let Some(output) = &run.output_path else { return false };
    let part = deliver::part_file(output, step.job.id.as_str());
    tokio::fs::metadata(part).await.is_ok_and(|facts| facts.len() > 0)
}

/// Where the file is now: signed addresses run out, so it is asked for each time. None when the row was changed.
async fn address(step: &mut Step, run: &Run, work: &mut RunWork) -> Result<Option<SafeUrl>, Halt> {
    let Some(remote) = work.remote.clone() else {
        return Ok(Some(
            work.address.clone().ok_or_else(|| Error::internal("A finished run has no address."))?,
        ));
    };
    let report = match step.skillboss().await?.status(&remote).await {
        Ok(report) => report,
        Err(error) if error.kind() == Kind::NotFound => {
            // Nothing lives longer there than this after it was sent; until then a gap in the service's memory is waited out.
            let since = work.completed_at_ms.or(work.sent_at_ms).unwrap_or(step.job.created_at_ms);
            if step.now_ms() - since > RETENTION_MS {
                expired(step, work.clone()).await?;
                return Ok(None);
            }
            let what = "The clip is finished and paid for, and the service does not show it just now.";
            return Err(Error::new(Kind::Unavailable, what).because(error).into());
        }
        Err(error) => return Err(error.into()),
    };
    match (report.phase, report.outputs.first().map(|found| found.url.clone())) {
        (Phase::Completed, Some(url)) => Ok(Some(url)),
        // It was finished before; a word to the contrary is not believed at once.
        (Phase::Queued | Phase::Running | Phase::Unknown, _) => {
            let what = "The service does not show the finished clip just now.";
            Err(Error::new(Kind::Unavailable, what).into())
        }
        _ => {
            watch::told(step, run, work.clone(), report).await?;
            Ok(None)
        }
    }
}

/// It was paid for and nobody fetched it while the service kept it. Said loudly.
pub(super) async fn expired(step: &mut Step, work: RunWork) -> Result<(), Halt> {
    let name = work.remote.as_ref().map(|remote| remote.id.clone()).unwrap_or_default();
    tracing::error!(job.id = %step.job.id, remote.id = %name, "a paid clip expired at the service before it was fetched");
    let error = Error::new(
        Kind::ExpiredPaid,
        "This clip was paid for, and the service no longer has it: results are kept for 7 days.",
    )
    .money(Money::Spent)
    .next(format!(
        "Ask the service's support whether they still have it, quoting {}. Let `firstcut worker` run, or open the assistant, at least once a week while jobs are under way.",
        if name.is_empty() { "the receipt" } else { &name }
    ));
    step.fail_with(notes(&work)?, Failure::from(&error), None).await
}
