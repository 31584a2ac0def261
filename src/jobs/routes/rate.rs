//! What people and platforms said of clips: one by hand, or many from a table.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::report;
use crate::ledger::Rating;
use crate::model::job::{Job, JobId, State};
use crate::redact;

/// What became of ratings.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Rated {
    /// Clips that were rated.
    pub rated: usize,
    /// Rows of the table that could not be used, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// For the person.
    pub message: String,
}

/// A verdict in a word: `good`, `bad`, or a score.
///
/// # Errors
/// `InvalidInput` for anything else.
pub fn verdict(word: &str) -> Result<Rating> {
    let word = word.trim();
    match word.to_ascii_lowercase().as_str() {
        "good" | "keep" | "kept" | "yes" => Ok(Rating { is_kept: Some(true), ..Rating::default() }),
        "bad" | "drop" | "dropped" | "no" => Ok(Rating { is_kept: Some(false), ..Rating::default() }),
        _ => match word.parse::<f64>().ok().filter(|score| score.is_finite()) {
            Some(score) => Ok(Rating { score: Some(score), ..Rating::default() }),
            None => Err(Error::invalid(format!("\"{}\" is no verdict.", redact::quote(word, 40)))
                .next("Say good or bad, or give a number.")),
        },
    }
}

/// Rates a finished clip.
///
/// # Errors
/// `InvalidInput` for a job that made none.
pub async fn one(app: &App, id: &JobId, rating: Rating) -> Result<Rated> {
    let job = finished(report::find(app, id).await?)?;
    app.ledger().await?.rate(&[(job.id, rating)], app.now_ms()).await?;
    Ok(Rated { rated: 1, message: "Noted.".to_owned(), ..Rated::default() })
}

/// Rates many from a table with a heading: `job` or `key` (and `batch`), and any of `verdict`, `score`, `views`,
/// `engagements`, or `likes`, `comments`, `shares` and `saves`, which are summed. Rows that cannot be used are named, and
/// the others count.
///
/// # Errors
/// A table without a usable heading.
pub async fn many(app: &App, text: &str, batch: Option<&str>) -> Result<Rated> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut table =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let heading: Vec<String> = table
        .headers()
        .map_err(|error| Error::invalid("The table's heading cannot be read.").because(error))?
        .iter()
        .map(str::to_lowercase)
        .collect();
    if !heading.iter().any(|name| matches!(name.as_str(), "job" | "job_id" | "key")) {
        return Err(Error::invalid("The table has no column job or key.")
            .next("Its first line names the columns, for example: key,views,likes,comments,shares"));
    }
    let mut keys = Keys::default();
    let mut ratings = Vec::new();
    let mut rated = Rated::default();
    for record in table.records() {
        let row = match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cells: HashMap<&str, String> = heading
                    .iter()
                    .map(String::as_str)
                    .zip(record.iter().map(str::to_owned))
                    .filter(|(_, cell)| !cell.is_empty())
                    .collect();
                keys.row(app, &cells, batch).await.map_err(|error| (line, error))
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                Err((line, Error::invalid("it cannot be read").because(error)))
            }
        };
        match row {
            Ok(rating) => ratings.push(rating),
            Err((line, error)) if matches!(error.kind(), Kind::InvalidInput | Kind::NotFound) => {
                let step = error.next_step().map(|step| format!(" {step}")).unwrap_or_default();
                rated.problems.push(format!("line {line}: {}{step}", error.message()));
            }
            Err((_, error)) => return Err(error),
        }
    }
    app.ledger().await?.rate(&ratings, app.now_ms()).await?;
    rated.rated = ratings.len();
    let clips = if rated.rated == 1 { "clip" } else { "clips" };
    rated.message = match rated.problems.len() {
        0 => format!("{} {clips} rated.", rated.rated),
        1 => format!("{} {clips} rated; 1 row could not be used.", rated.rated),
        wrong => format!("{} {clips} rated; {wrong} rows could not be used.", rated.rated),
    };
    Ok(rated)
}

/// The jobs of each batch by their keys, read once.
#[derive(Default)]
struct Keys(HashMap<String, HashMap<String, Option<JobId>>>);

impl Keys {
    async fn row(
        &mut self,
        app: &App,
        cells: &HashMap<&str, String>,
        batch: Option<&str>,
    ) -> Result<(JobId, Rating)> {
        let job = match (cells.get("job").or_else(|| cells.get("job_id")), cells.get("key")) {
            (Some(id), _) => report::find(app, &id.parse()?).await?,
            (None, Some(key)) => {
                let batch = cells.get("batch").map(String::as_str).or(batch).ok_or_else(|| {
                    Error::invalid("it names a key and no batch.")
                        .next("Add a column batch, or --batch NAME.")
                })?;
                let id = self.job(app, batch, key).await?;
                report::find(app, &id).await?
            }
            (None, None) => return Err(Error::invalid("it names neither a job nor a key.")),
        };
        let rating = rating(cells)?;
        Ok((finished(job)?.id, rating))
    }

    async fn job(&mut self, app: &App, batch: &str, key: &str) -> Result<JobId> {
        if !self.0.contains_key(batch) {
            let ledger = app.ledger().await?;
            ledger.batch(batch).await?;
            let lines = ledger.lines(batch).await?;
            self.0.insert(batch.to_owned(), lines.into_iter().map(|line| (line.key, line.job_id)).collect());
        }
        let found = self.0.get(batch).and_then(|keys| keys.get(key)).cloned().flatten();
        found.ok_or_else(|| {
            Error::invalid(format!(
                "the batch {batch} has no clip with the key \"{}\".",
                redact::quote(key, 60)
            ))
        })
    }
}

fn finished(job: Job) -> Result<Job> {
    if job.state == State::Done {
        return Ok(job);
    }
    Err(Error::invalid(format!("The job {} is {}; only a finished clip can be rated.", job.id, job.state)))
}

fn rating(cells: &HashMap<&str, String>) -> Result<Rating> {
    let count = |name: &str| -> Result<Option<u32>> {
        let Some(cell) = cells.get(name) else { return Ok(None) };
        let digits: String = cell.chars().filter(|c| !matches!(c, ',' | ' ' | '_' | '\u{a0}')).collect();
        digits.parse().map(Some).map_err(|_| {
            Error::invalid(format!("its {name} is \"{}\", which is no count.", redact::quote(cell, 40)))
        })
    };
    let mut rating = match cells.get("verdict") {
        Some(word) => verdict(word)?,
        None => Rating::default(),
    };
    if let Some(score) = cells.get("score") {
        let number = score.replace(',', ".").parse::<f64>().ok().filter(|score| score.is_finite());
        rating.score = Some(number.ok_or_else(|| {
            Error::invalid(format!("its score is \"{}\", which is no number.", redact::quote(score, 40)))
        })?);
    }
    rating.views = count("views")?.or(count("impressions")?);
    rating.engagements = count("engagements")?;
    if rating.engagements.is_none() {
        for name in ["likes", "comments", "shares", "saves"] {
            if let Some(more) = count(name)? {
                rating.engagements = Some(rating.engagements.unwrap_or(0).saturating_add(more));
            }
        }
    }
    if rating == Rating::default() {
        return Err(Error::invalid("it says nothing about the clip.")
            .next("Give verdict, score, or views with likes, comments, shares and saves."));
    }
    Ok(rating)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_platform() {
        let cells = |cells: &[(&'static str, &str)]| -> HashMap<&'static str, String> {
            cells.iter().map(|(name, cell)| (*name, (*cell).to_owned())).collect()
        };
        let found = rating(&cells(&[("views", "12,345"), ("likes", "10"), ("shares", "5")])).unwrap();
        assert_eq!(found, Rating { views: Some(12_345), engagements: Some(15), ..Rating::default() });
        assert_eq!(rating(&cells(&[("verdict", "Good"), ("score", "4,5")])).unwrap().score, Some(4.5));
        for (name, cell) in [("views", "many"), ("score", "nan"), ("verdict", "so so"), ("other", "1")] {
            assert!(rating(&cells(&[(name, cell)])).is_err(), "{name}");
        }
        assert_eq!(verdict("bad").unwrap().is_kept, Some(false));
        assert_eq!(verdict("3.5").unwrap().score, Some(3.5));
    }
}
