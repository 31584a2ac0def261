//! Batches and their lines: written down together, begun one by one.

use std::path::PathBuf;

use sqlx::sqlite::SqliteRow;

use super::jobs::at_rest;
use super::{Ledger, Office, Tx, row};
use crate::error::{Error, Kind, Result};
use crate::model::batch::{Batch, BatchState, Line, LineState, Wish};
use crate::model::job::{EpochMs, Failure, JobId, Service, State};
use crate::model::request::Post;
use crate::money::Usd;

/// A batch to be written down, or to get more lines.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Its name.
    pub name: String,
    /// The budget that a person named; else the sum of what the lines may cost is added to what it had.
    pub budget: Option<Usd>,
    /// Lines under way at once; none leaves what it was.
    pub concurrency: Option<u32>,
    /// Relative paths begin here.
    pub working_dir: PathBuf,
}

/// A line to be written down.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// Its name within the batch.
    pub key: String,
    /// Where it stood in the file, counted from 1.
    pub line: u32,
    /// Who makes it.
    pub service: Service,
    /// What was written there.
    pub wish: Wish,
    /// Of what makes the wish what it is.
    pub digest: String,
    /// The model that was chosen.
    pub model: Option<String>,
    /// The most that it may cost; none when it costs no dollars.
    pub most: Option<Usd>,
    /// Not before this time.
    pub due_at_ms: EpochMs,
    /// A word for people.
    pub note: Option<String>,
}

/// What a list of lines shows of a job.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Where it stands.
    pub state: State,
    /// What it is doing.
    pub note: Option<String>,
    /// 0 to 100.
    pub progress_pct: Option<f64>,
    /// Why it ended badly.
    pub failure: Option<Failure>,
    /// The file that it made.
    pub file: Option<String>,
    /// When it was written down.
    pub created_at_ms: EpochMs,
    /// When it changed last.
    pub updated_at_ms: EpochMs,
}

impl Brief {
    /// Whether it stands in the queue until there is money in its wallet.
    #[must_use]
    pub fn waits_for_money(&self) -> bool {
        let code = Kind::OutOfCredits.code();
        self.state == State::Queued && self.failure.as_ref().is_some_and(|failure| failure.code == code)
    }
}

/// What became of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enqueued {
    /// Lines that are new.
    pub fresh: usize,
    /// Lines of the file whose key was there with the same content.
    pub known: Vec<u32>,
    /// Lines of the file whose key was there with other content, which stands.
    pub differing: Vec<u32>,
}

/// What changes on a batch. What is left out stays.
#[derive(Clone, Debug, Default)]
pub struct BatchChange {
    /// Whether its lines are begun.
    pub state: Option<BatchState>,
    /// The budget that a person names.
    pub budget: Option<Usd>,
    /// Lines under way at once.
    pub concurrency: Option<u32>,
    /// `Some(None)` clears it.
    pub hold: Option<Option<Failure>>,
}

/// What changes on a line. What is left out stays.
#[derive(Clone, Debug, Default)]
pub struct LineChange {
    /// Where it stands.
    pub state: Option<LineState>,
    /// The model that was chosen.
    pub model: Option<String>,
    /// Models that its route must not choose again.
    pub spent_arms: Option<Vec<String>>,
    /// Its job; `Some(None)` for a new round without one.
    pub job_id: Option<Option<JobId>>,
    /// Not before this time.
    pub due_at_ms: Option<EpochMs>,
    /// A word for people; `Some(None)` clears it.
    pub note: Option<Option<String>>,
    /// Why it cannot become a job; `Some(None)` clears it.
    pub failure: Option<Option<Failure>>,
    /// It is tried anew: another job.
    pub next_round: bool,
}

impl Ledger {
    /// Writes a batch and its lines down, all or nothing. A key that is there keeps the line that it had.
    ///
    /// # Errors
    /// `InvalidInput` when the batch was cancelled.
    pub async fn enqueue(&self, new: &NewBatch, lines: &[NewLine], now_ms: EpochMs) -> Result<Enqueued> {
        let mut tx = self.begin().await?;
        let found = sqlx::query("SELECT * FROM batch WHERE name = $1")
            .bind(&new.name)
            .fetch_optional(&mut *tx)
            .await?;
        let had = found.as_ref().map(batch).transpose()?;
        match &had {
            Some(had) if had.state == BatchState::Cancelled => return Err(cancelled(&new.name)),
            Some(_) => {}
            None => {
                sqlx::query(
                    "INSERT INTO batch (name, state, concurrency, working_dir, created_at_ms, updated_at_ms) \
                     VALUES ($1, 'active', $2, $3, $4, $4)",
                )
                .bind(&new.name)
                .bind(i64::from(new.concurrency.unwrap_or(DEFAULT_CONCURRENCY)))
                .bind(new.working_dir.to_string_lossy().as_ref())
                .bind(now_ms)
                .execute(&mut *tx)
                .await?;
            }
        }
        let mut done = Enqueued::default();
        let mut agreed: Option<Usd> = None;
        for line in lines {
            if write(&mut tx, &new.name, line, now_ms).await? {
                done.fresh += 1;
                if let Some(most) = line.most {
                    agreed = Some(agreed.unwrap_or_default().checked_add(most).unwrap_or(Usd::MAX));
                }
                continue;
            }
            let digest: String =
                sqlx::query_scalar("SELECT digest FROM batch_line WHERE batch = $1 AND key = $2")
                    .bind(&new.name)
                    .bind(&line.key)
                    .fetch_one(&mut *tx)
                    .await?;
            let list = if digest == line.digest { &mut done.known } else { &mut done.differing };
            list.push(line.line);
        }
        let (had_budget, was_set) = had.map_or((None, false), |had| (had.budget, had.budget_is_set));
        let (budget, is_set) = match (new.budget, agreed) {
            (Some(named), _) => (Some(named), true),
            (None, Some(more)) if !was_set => {
                (Some(had_budget.unwrap_or_default().checked_add(more).unwrap_or(Usd::MAX)), false)
            }
            (None, _) => (had_budget, was_set),
        };
        sqlx::query(
            "UPDATE batch SET budget_micros = $1, budget_is_set = $2, concurrency = COALESCE($3, concurrency), hold = NULL, \
             updated_at_ms = $4 WHERE name = $5",
        )
        .bind(budget.map(Usd::micros))
        .bind(is_set)
        .bind(new.concurrency.map(i64::from))
        .bind(now_ms)
        .bind(&new.name)
        .execute(&mut *tx)
        .await?;
        self.publish(tx).await?;
        Ok(done)
    }

    /// The batch of that name.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn batch(&self, name: &str) -> Result<Batch> {
        let found = sqlx::query("SELECT * FROM batch WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.inner.readers)
            .await?;
        batch(&found.ok_or_else(|| no_such_batch(name))?)
    }

    /// All batches, newest first.
    pub async fn batches(&self) -> Result<Vec<Batch>> {
        sqlx::query("SELECT * FROM batch ORDER BY created_at_ms DESC, name")
            .fetch_all(&self.inner.readers)
            .await?
            .iter()
            .map(batch)
            .collect()
    }

    /// The lines of a batch, in order.
    pub async fn lines(&self, name: &str) -> Result<Vec<Line>> {
        sqlx::query("SELECT * FROM batch_line WHERE batch = $1 ORDER BY place, key")
            .bind(name)
            .fetch_all(&self.inner.readers)
            .await?
            .iter()
            .map(line)
            .collect()
    }

    /// The lines of every batch that a route chose the model of.
    pub async fn lines_of_route(&self, route: &str) -> Result<Vec<Line>> {
        sqlx::query(
            "SELECT * FROM batch_line WHERE json_extract(wish, '$.route') = $1 ORDER BY created_at_ms, place",
        )
        .bind(route)
        .fetch_all(&self.inner.readers)
        .await?
        .iter()
        .map(line)
        .collect()
    }

    /// Lines of a batch that wait and are due, in order, at most `limit`.
    pub async fn due_lines(&self, name: &str, now_ms: EpochMs, limit: u32) -> Result<Vec<Line>> {
        sqlx::query(
            "SELECT * FROM batch_line WHERE batch = $1 AND state = 'waiting' AND due_at_ms <= $2 \
             ORDER BY place, key LIMIT $3",
        )
        .bind(name)
        .bind(now_ms)
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await?
        .iter()
        .map(line)
        .collect()
    }

    /// When the next line of an active batch, among those of an office, is due; none when no line waits.
    pub async fn next_line_ms(&self, office: Office) -> Result<Option<EpochMs>> {
        Ok(sqlx::query_scalar(
            "SELECT MIN(l.due_at_ms) FROM batch_line l JOIN batch b ON b.name = l.batch \
             WHERE l.state = 'waiting' AND b.state = 'active' AND (l.service = 'sandbox') = $1",
        )
        .bind(office.is_rehearsal())
        .fetch_one(&self.inner.readers)
        .await?)
    }

    /// Active batches with lines that wait, or with jobs under way: those that are rehearsals altogether, or the others.
    pub async fn live_batches(&self, office: Office) -> Result<Vec<Batch>> {
        sqlx::query(concat!(
            "SELECT * FROM batch b WHERE state = 'active' \
             AND (NOT EXISTS (SELECT 1 FROM batch_line l WHERE l.batch = b.name AND l.service <> 'sandbox')) = $1 AND (\
             EXISTS (SELECT 1 FROM batch_line l WHERE l.batch = b.name AND l.state = 'waiting') \
             OR EXISTS (SELECT 1 FROM batch_line l JOIN job j ON j.id = l.job_id WHERE l.batch = b.name AND j.state NOT IN ",
            at_rest!(),
            ")) ORDER BY created_at_ms, name"
        ))
        .bind(office.is_rehearsal())
        .fetch_all(&self.inner.readers)
        .await?
        .iter()
        .map(batch)
        .collect()
    }

    /// The jobs of a batch in short.
    pub async fn briefs(&self, name: &str) -> Result<Vec<(JobId, Brief)>> {
        // A video's file is in the notes of its export, which is the newest of its parts.
        sqlx::query(
            "SELECT j.id, j.state, j.note, j.progress_pct, j.failure, j.created_at_ms, j.updated_at_ms, \
             COALESCE(json_extract(j.work, '$.file.path'), (SELECT json_extract(p.work, '$.file.path') FROM job p \
             WHERE j.kind = 'video' AND p.parent_id = j.id AND p.kind = 'render' ORDER BY p.created_at_ms DESC LIMIT 1)) AS file \
             FROM batch_line l JOIN job j ON j.id = l.job_id WHERE l.batch = $1",
        )
        .bind(name)
        .fetch_all(&self.inner.readers)
        .await?
        .iter()
        .map(|found| Ok((row::word(found, "id")?, brief(found)?)))
        .collect()
    }

    /// The posts of a batch's clips: whose they are, what was asked for, and how they stand.
    pub async fn post_briefs(&self, name: &str) -> Result<Vec<(JobId, Post, Brief)>> {
        sqlx::query(
            "SELECT l.job_id, p.state, p.note, p.progress_pct, p.failure, p.created_at_ms, p.updated_at_ms, NULL AS file, \
             p.request FROM batch_line l JOIN job p ON p.parent_id = l.job_id WHERE l.batch = $1 AND p.kind = 'post' \
             ORDER BY p.created_at_ms, p.id",
        )
        .bind(name)
        .fetch_all(&self.inner.readers)
        .await?
        .iter()
        .map(|found| Ok((row::word(found, "job_id")?, row::json(found, "request")?, brief(found)?)))
        .collect()
    }

    /// How many lines of a batch have a job that still moves.
    pub async fn lines_under_way(&self, name: &str) -> Result<u32> {
        let count: i64 = sqlx::query_scalar(concat!(
            "SELECT COUNT(*) FROM batch_line l JOIN job j ON j.id = l.job_id WHERE l.batch = $1 AND j.state NOT IN ",
            at_rest!()
        ))
        .bind(name)
        .fetch_one(&self.inner.readers)
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Lines whose job failed and was surely not charged.
    pub async fn failed_lines(&self, name: &str) -> Result<Vec<Line>> {
        sqlx::query(
            "SELECT l.* FROM batch_line l LEFT JOIN job j ON j.id = l.job_id WHERE l.batch = $1 AND (l.state = 'refused' \
             OR (l.state = 'begun' AND j.state = 'failed' AND json_extract(j.failure, '$.money') = 'not_spent')) \
             ORDER BY l.place, l.key",
        )
        .bind(name)
        .fetch_all(&self.inner.readers)
        .await?
        .iter()
        .map(line)
        .collect()
    }

    /// What a batch was charged and has set aside.
    pub async fn batch_spent(&self, name: &str) -> Result<(Usd, Usd)> {
        let found = sqlx::query(
            "SELECT COALESCE(SUM(charged_micros), 0) AS charged, \
             COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros END), 0) AS reserved \
             FROM charge WHERE batch = $1 AND state <> 'freed'",
        )
        .bind(name)
        .fetch_one(&self.inner.readers)
        .await?;
        Ok((Usd::from_micros(row::get(&found, "charged")?), Usd::from_micros(row::get(&found, "reserved")?)))
    }

    /// Changes a batch.
    ///
    /// # Errors
    /// `NotFound`, and `InvalidInput` for one that was cancelled.
    pub async fn change_batch(&self, name: &str, change: &BatchChange, now_ms: EpochMs) -> Result<Batch> {
        let mut tx = self.begin().await?;
        let found =
            sqlx::query("SELECT * FROM batch WHERE name = $1").bind(name).fetch_optional(&mut *tx).await?;
        let mut changed = batch(&found.ok_or_else(|| no_such_batch(name))?)?;
        if changed.state == BatchState::Cancelled {
            return Err(cancelled(name));
        }
        changed.state = change.state.unwrap_or(changed.state);
        changed.concurrency = change.concurrency.unwrap_or(changed.concurrency);
        if let Some(budget) = change.budget {
            (changed.budget, changed.budget_is_set) = (Some(budget), true);
        }
        if let Some(hold) = &change.hold {
            changed.hold.clone_from(hold);
        }
        sqlx::query(
            "UPDATE batch SET state = $1, concurrency = $2, budget_micros = $3, budget_is_set = $4, hold = $5, \
             updated_at_ms = $6 WHERE name = $7",
        )
        .bind(changed.state.name())
        .bind(i64::from(changed.concurrency))
        .bind(changed.budget.map(Usd::micros))
        .bind(changed.budget_is_set)
        .bind(changed.hold.as_ref().map(row::to_json).transpose()?)
        // A hold comes and goes by itself; this is when a person changed something.
        .bind(if change.state.is_some() || change.budget.is_some() { now_ms } else { changed.updated_at_ms })
        .bind(name)
        .execute(&mut *tx)
        .await?;
        if changed.state == BatchState::Cancelled {
            sqlx::query(
                "UPDATE batch_line SET state = 'cancelled', note = 'Its batch was cancelled before its turn.', \
                 updated_at_ms = $1 WHERE batch = $2 AND state = 'waiting'",
            )
            .bind(now_ms)
            .bind(name)
            .execute(&mut *tx)
            .await?;
        }
        self.publish(tx).await?;
        Ok(changed)
    }

    /// Changes a line that still stands where it was seen; false when somebody else was quicker.
    pub async fn change_line(&self, seen: &Line, change: &LineChange, now_ms: EpochMs) -> Result<bool> {
        let mut tx = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE batch_line SET state = COALESCE($1, state), model = COALESCE($2, model), \
             spent_arms = COALESCE($3, spent_arms), job_id = CASE WHEN $4 THEN $5 ELSE job_id END, \
             due_at_ms = COALESCE($6, due_at_ms), note = CASE WHEN $7 THEN $8 ELSE note END, \
             failure = CASE WHEN $9 THEN $10 ELSE failure END, round = round + $11, updated_at_ms = $12 \
             WHERE batch = $13 AND key = $14 AND state = $15 AND round = $16",
        )
        .bind(change.state.map(LineState::name))
        .bind(&change.model)
        .bind(change.spent_arms.as_ref().map(row::to_json).transpose()?)
        .bind(change.job_id.is_some())
        .bind(change.job_id.as_ref().and_then(Option::as_ref).map(JobId::as_str))
        .bind(change.due_at_ms)
        .bind(change.note.is_some())
        .bind(change.note.as_ref().and_then(Option::as_deref))
        .bind(change.failure.is_some())
        .bind(change.failure.as_ref().and_then(Option::as_ref).map(row::to_json).transpose()?)
        .bind(i64::from(change.next_round))
        .bind(now_ms)
        .bind(&seen.batch)
        .bind(&seen.key)
        .bind(seen.state.name())
        .bind(i64::from(seen.round))
        .execute(&mut *tx)
        .await?;
        self.publish(tx).await?;
        Ok(changed.rows_affected() > 0)
    }
}

/// Lines under way at once, where nobody said.
const DEFAULT_CONCURRENCY: u32 = 4;

/// Writes a line unless its key is there; whether it is new.
async fn write(tx: &mut Tx, batch: &str, new: &NewLine, now_ms: EpochMs) -> Result<bool> {
    let inserted = sqlx::query(
        "INSERT INTO batch_line (batch, key, place, line, service, wish, digest, model, spent_arms, most_micros, state, \
         due_at_ms, note, created_at_ms, updated_at_ms) \
         VALUES ($1, $2, (SELECT COALESCE(MAX(place), 0) + 1 FROM batch_line WHERE batch = $1), $3, $4, $5, $6, $7, '[]', \
         $8, 'waiting', $9, $10, $11, $11) ON CONFLICT (batch, key) DO NOTHING",
    )
    .bind(batch)
    .bind(&new.key)
    .bind(i64::from(new.line))
    .bind(new.service.name())
    .bind(row::to_json(&new.wish)?)
    .bind(&new.digest)
    .bind(&new.model)
    .bind(new.most.map(Usd::micros))
    .bind(new.due_at_ms)
    .bind(&new.note)
    .bind(now_ms)
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

fn brief(found: &SqliteRow) -> Result<Brief> {
    let failure: Option<String> = row::get(found, "failure")?;
    Ok(Brief {
        state: row::word(found, "state")?,
        note: row::get(found, "note")?,
        progress_pct: row::get(found, "progress_pct")?,
        failure: if failure.is_some() { Some(row::json(found, "failure")?) } else { None },
        file: row::get(found, "file")?,
        created_at_ms: row::get(found, "created_at_ms")?,
        updated_at_ms: row::get(found, "updated_at_ms")?,
    })
}

fn batch(found: &SqliteRow) -> Result<Batch> {
    let hold: Option<String> = row::get(found, "hold")?;
    Ok(Batch {
        name: row::get(found, "name")?,
        state: row::word(found, "state")?,
        budget: row::get::<Option<i64>>(found, "budget_micros")?.map(Usd::from_micros),
        budget_is_set: row::get(found, "budget_is_set")?,
        concurrency: row::get(found, "concurrency")?,
        working_dir: PathBuf::from(row::get::<String>(found, "working_dir")?),
        hold: if hold.is_some() { Some(row::json(found, "hold")?) } else { None },
        created_at_ms: row::get(found, "created_at_ms")?,
        updated_at_ms: row::get(found, "updated_at_ms")?,
    })
}

fn line(found: &SqliteRow) -> Result<Line> {
    let failure: Option<String> = row::get(found, "failure")?;
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
        failure: if failure.is_some() { Some(row::json(found, "failure")?) } else { None },
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
