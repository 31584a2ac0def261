//! The whole: every part is here, and they become one file in its place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FilmWork, craft, file_of};
use crate::error::{Error, Kind, Money};
use crate::jobs::advance::{Halt, Step, notes};
use crate::jobs::{deliver, inspect, paths};
use crate::ledger::Change;
use crate::media;
use crate::model::job::{Failure, Job, State};
use crate::model::request::Film;
use crate::net::staged;

/// Every part is here: they become one file.
pub(super) async fn assemble(
    step: &mut Step,
    film: &Film,
    mut work: FilmWork,
    parts: &[Job],
) -> Result<(), Halt> {
    let part_file = deliver::part_file(&film.output_path, step.job.id.as_str());
    if let (Some(path), Some(sha256)) = (work.final_path.clone(), work.sha256.clone())
        && deliver::holds(&path, sha256).await
    {
        deliver::remove(&part_file);
        return done(step, film, work, parts, &path).await;
    }
    if step.job.state == State::Running {
        step.record(Change {
            state: Some(State::Ready),
            note: Some("Joining the parts…".to_owned()),
            keep_lease: true,
            due_at_ms: step.in_a(Duration::ZERO),
            ..Change::default()
        })
        .await?;
    }
    let files = parts.iter().map(file_of).collect::<Result<Vec<_>, Halt>>()?;
    // What an earlier try left is of no use: joining starts anew.
    deliver::remove(&part_file);
    let (from, to) = (files.clone(), part_file.clone());
    let joined = tokio::task::spawn_blocking(move || {
        let reencoded = craft::join(&from, &to)?;
        let sum = staged::sha256_of(&to)?;
        Ok::<_, media::Error>((reencoded, sum))
    });
    let (reencoded, sha256) = match joined.await {
        Ok(Ok(joined)) => joined,
        Ok(Err(error)) => return cannot_join(step, &work, &files, error).await,
        Err(error) => return Err(Error::internal("Joining was interrupted.").because(error).into()),
    };
    work.reencoded = reencoded;
    work.sha256 = Some(sha256);
    work.final_path = Some(paths::unused(&film.output_path));
    step.record(Change {
        state: Some(State::Delivering),
        work: notes(&work)?,
        keep_lease: true,
        due_at_ms: step.in_a(Duration::ZERO),
        ..Change::default()
    })
    .await?;
    let wanted = work.final_path.clone().unwrap_or_else(|| film.output_path.clone());
    let path = staged::publish(&part_file, &wanted)?;
    work.final_path = Some(path.clone());
    done(step, film, work, parts, &path).await
}

async fn done(
    step: &mut Step,
    film: &Film,
    mut work: FilmWork,
    parts: &[Job],
    path: &Path,
) -> Result<(), Halt> {
    work.file = Some(deliver::describe(path).await?);
    step.record(deliver::looking(notes(&work)?, step)).await?;
    work.seen = inspect::inspect(&step.app, path, &film.inspection, &step.stop).await;
    if work.seen.is_none() {
        return Err(Halt::Stop);
    }
    step.record(Change {
        state: Some(State::Done),
        work: notes(&work)?,
        note: Some("✅ Video ready!".to_owned()),
        progress_pct: Some(100.0),
        ..Change::default()
    })
    .await?;
    // The film is on the disk and written down: its parts have served.
    for file in parts.iter().filter_map(|part| file_of(part).ok()) {
        deliver::remove(&file);
        deliver::remove(&file.with_extension("last.png"));
    }
    Ok(())
}

/// The parts are paid for and here: they are named, never thrown away.
async fn cannot_join(
    step: &mut Step,
    work: &FilmWork,
    files: &[PathBuf],
    cause: media::Error,
) -> Result<(), Halt> {
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    let error = Error::new(Kind::Storage, format!("The parts are here, but could not be joined: {cause}."))
        .money(Money::Spent)
        .next(format!(
            "The parts are kept: {}. `firstcut join` puts them together by hand.",
            names.join(", ")
        ))
        .because(cause);
    step.record(Change {
        state: Some(State::Failed),
        work: notes(work)?,
        failure: Some(Some(Failure::from(&error))),
        ..Change::default()
    })
    .await
}
