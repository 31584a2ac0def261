//! Stays with a batch: a table that is drawn anew on a terminal, a line per change elsewhere, JSON lines for machines.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::batch::told;
use crate::cli::follow::interrupted;
use crate::cli::mover::Mover;
use crate::cli::report::{Out, plain};
use crate::cli::{Exit, Shell};
use crate::error::{Error, Kind, Result};
use crate::jobs::batch::report::{BatchReport, LineReport, Standing, report};
use crate::jobs::engine::Reach;

/// Between two looks at the ledger.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Jobs that the table shows one by one.
const SHOWN: usize = 8;
/// How long a batch that stands still may take to be taken up: the balance may have to be asked for.
const LET_FEED: Duration = Duration::from_secs(4);

impl Shell {
    /// Moves the jobs in this process until the batch has ended or cannot go on by itself. `bad` lines of the file were
    /// not taken, which the exit code says.
    pub(super) async fn stay(&self, name: &str, bad: usize) -> Result<Exit> {
        let (first, standing) = report(&self.app, name).await?;
        if standing == Standing::Ended {
            return self.end(&first, standing, bad);
        }
        // A rehearsal moves nothing real beside it.
        let reach = if first.is_rehearsal() { Reach::Rehearsals } else { Reach::Everything };
        let mut mover = Mover::start(&self.app, reach);
        let mut view = View::open(self.out);
        let watched = tokio::select! {
            watched = self.watch(name, &mut view) => Some(watched),
            () = interrupted() => None,
            error = mover.broken() => {
                view.close();
                return Err(error);
            }
        };
        view.close();
        match watched {
            Some(ended) => {
                let (told, standing) = match ended {
                    Ok(ended) => ended,
                    Err(error) => {
                        mover.leave().await;
                        return Err(error);
                    }
                };
                let told = self.end(&told, standing, bad);
                mover.finish(self).await;
                told
            }
            None => {
                mover.leave().await;
                let (told, standing) = report(&self.app, name).await?;
                self.end(&told, standing, bad)?;
                let words = format!(
                    "Stopped watching; every line is kept and nothing is paid twice. Go on with:\n  firstcut batch wait {name}"
                );
                self.out.note(&told::marked(told.is_rehearsal(), &words));
                Ok(Kind::Cancelled.exit_code())
            }
        }
    }

    async fn watch(&self, name: &str, view: &mut View) -> Result<(BatchReport, Standing)> {
        let ledger = self.app.ledger().await?;
        let mut seen = None;
        let mut stuck_since: Option<Instant> = None;
        loop {
            let revision = ledger.revision().await?;
            if seen != Some(revision) || stuck_since.is_some() {
                let (told, standing) = report(&self.app, name).await?;
                view.show(&told)?;
                // What stands still may be about to be taken up: who moves the jobs looks first.
                stuck_since = stuck_since.or(Some(Instant::now())).filter(|_| standing == Standing::Stuck);
                let waited = stuck_since.is_some_and(|since| since.elapsed() > LET_FEED);
                if standing == Standing::Ended || waited {
                    return Ok((told, standing));
                }
                seen = Some(revision);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn end(&self, told: &BatchReport, standing: Standing, bad: usize) -> Result<Exit> {
        let verdict = told.verdict(standing);
        let exit = match verdict {
            Some(kind) => kind.exit_code(),
            None if bad > 0 => Kind::InvalidInput.exit_code(),
            None => 0,
        };
        if self.out.json {
            let mut shape = serde_json::to_value(told)
                .map_err(|error| Error::internal("The result cannot be written as JSON.").because(error))?;
            shape["event"] = "end".into();
            shape["bad_lines"] = bad.into();
            shape["exit_code"] = exit.into();
            self.out.line(&shape)?;
        } else {
            self.out.result(told, || told::batch_in_short(told))?;
            if bad > 0 {
                let words = match bad {
                    1 => "1 line of the file could not be used; it is named above.".to_owned(),
                    bad => format!("{bad} lines of the file could not be used; they are named above."),
                };
                self.out.note(&told::marked(told.is_rehearsal(), &words));
            }
        }
        Ok(exit)
    }
}

/// What is shown meanwhile.
struct View {
    out: Out,
    /// What was told of each line.
    told: HashMap<String, String>,
    table: Option<Table>,
}

struct Table {
    all: MultiProgress,
    head: ProgressBar,
    rows: Vec<ProgressBar>,
}

impl View {
    fn open(out: Out) -> Self {
        let table = (out.is_watched() && !out.json).then(|| {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            let bar = |form: &str| {
                let bar = all.add(ProgressBar::new(100));
                if let Ok(style) = ProgressStyle::with_template(form) {
                    bar.set_style(style);
                }
                bar
            };
            let head = bar("{spinner} {elapsed} {bar:24} {pos}/{len} {wide_msg}");
            head.enable_steady_tick(Duration::from_millis(150));
            Table { head, rows: (0..SHOWN).map(|_| bar("  {wide_msg}")).collect(), all }
        });
        Self { out, told: HashMap::new(), table }
    }

    fn show(&mut self, told: &BatchReport) -> Result<()> {
        if let Some(table) = &self.table {
            table.draw(told);
            return Ok(());
        }
        for line in &told.lines {
            let posts: Vec<_> = line.posts.iter().map(|post| post.state.as_str()).collect();
            let job = line.job_id.as_deref().unwrap_or_default();
            let news = format!("{} {job} {}", line.state, posts.join(" "));
            let before = self.told.insert(line.key.clone(), news.clone());
            // That a line waits is no news.
            let is_news = before.as_ref() != Some(&news) && !(before.is_none() && line.state == "waiting");
            if !is_news {
                continue;
            }
            if self.out.json {
                self.out.line(&change(told, line))?;
            } else {
                self.out.note(&told::batch_line(told, line));
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(table) = self.table.take() {
            // A terminal that went away needs no cleaning.
            let _gone = table.all.clear();
        }
    }
}

/// A change of one line, for machines.
fn change(told: &BatchReport, line: &LineReport) -> Value {
    let mut shape = json!(line);
    shape["event"] = "line".into();
    shape["batch"] = told.batch.as_str().into();
    shape["counts"] = json!(told.counts);
    shape["charged_usd"] = json!(told.charged_usd);
    shape["eta_s"] = json!(told.eta_s);
    shape
}

impl Table {
    fn draw(&self, told: &BatchReport) {
        let done = told.counts.get("done").copied().unwrap_or_default();
        self.head.set_length(u64::from(told.lines_total));
        self.head.set_position(u64::from(done));
        self.head.set_message(plain(&told::batch_head(told)).replace(['\n', '\t'], " "));
        let shown = told::batch_rows(told, self.rows.len());
        for (place, row) in self.rows.iter().enumerate() {
            let shown = shown.get(place).map(String::as_str).unwrap_or_default();
            row.set_message(plain(shown).replace(['\n', '\t'], " "));
        }
    }
}
