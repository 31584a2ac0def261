//! The whole: every part is here, and they become one file in its place.

use std::path::PathBuf;
use std::time::Duration;

use super::{FilmWork, craft, file_of};
use crate::error::{Error, Kind, Money};
use crate::jobs::deliver::{self, Wanted};
use crate::jobs::engine::step::{Halt, Step, notes, notes_value};
use crate::jobs::inspect::joining;
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
    let wanted = Wanted {
        output: &film.output_path,
        inspection: &film.inspection,
        delivery: &film.delivery,
        is_part: false,
    };
    let mut end = work.end.clone();
    if !deliver::is_placed(step, &wanted, &end).await {
        let Some(sha256) = join(step, film, &mut work, parts).await? else { return Ok(()) };
        deliver::place(step, &wanted, &mut end, sha256).await?;
    }
    deliver::finish(step, &wanted, end).await?;
    if step.job.state == State::Done {
        // The film is on the disk and written down: its parts have served.
        for file in parts.iter().filter_map(|part| file_of(part).ok()) {
            deliver::remove(&file);
            deliver::remove(&file.with_extension("last.png"));
        }
    }
    Ok(())
}

/// Joins the parts into the part file; gives its sum. None when they cannot be joined and the row says so.
async fn join(
    step: &mut Step,
    film: &Film,
    work: &mut FilmWork,
    parts: &[Job],
) -> Result<Option<String>, Halt> {
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
    let part_file = deliver::part_file(&film.output_path, step.job.id.as_str());
    // What an earlier try left is of no use: joining starts anew.
    deliver::remove(&part_file);
    let (from, to, ffmpeg) = (files.clone(), part_file, step.app.config().ffmpeg.clone());
    let joined = joining(step.stop.clone(), craft::patience(&files), move |limits| {
        let reencoded = craft::join(&from, &to, ffmpeg.as_deref(), limits)?;
        let sum = staged::sha256_of(&to)?;
        Ok::<_, media::Error>((reencoded, sum))
    });
    let (reencoded, sha256) = match joined.await {
        Ok(Ok(joined)) => joined,
        // The process ends, which is no fault of the parts: whoever goes on joins them.
        Ok(Err(media::Error::Stopped)) if step.stop.is_cancelled() => return Err(Halt::Stop),
        Ok(Err(error)) => {
            cannot_join(step, work, &files, error).await?;
            return Ok(None);
        }
        Err(reason) => return Err(Error::internal(format!("Joining: {reason}.")).into()),
    };
    work.reencoded = reencoded;
    // Kept with the file's name, in the change that comes next.
    step.job.work = notes_value(work)?;
    Ok(Some(sha256))
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
    step.fail_with(notes(work)?, Failure::from(&error), None).await
}
