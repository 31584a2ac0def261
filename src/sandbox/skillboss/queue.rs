//! The life of a job: queued, begun, done, charged, told. One task each; a restart takes them up again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::rows::{Job, State, Work};
use super::{SkillBoss, webhook};
use crate::sandbox::faults::Fault;

/// In the error of a job that could not be paid.
pub(super) const NO_FUNDS: &str = "insufficient balance";

/// Sets a job going.
pub(super) fn start(boss: &Arc<SkillBoss>, id: &str) -> JoinHandle<()> {
    let (of, id) = (Arc::clone(boss), id.to_owned());
    boss.tasks.spawn(async move {
        let closing = of.closing.clone();
        tokio::select! {
            () = live(&of, &id) => {}
            // What is open stays so: the next start on this folder takes it up.
            () = closing.cancelled() => {}
        }
    })
}

/// After a start: jobs that are open, and webhooks that are owed.
pub(super) fn resume(boss: &Arc<SkillBoss>) {
    let mut open = boss.jobs.fold(Vec::new(), |mut open, job| {
        if !job.is_over() || !job.told {
            open.push((job.number, job.id.clone()));
        }
        open
    });
    open.sort_unstable();
    for (_, id) in open {
        start(boss, &id);
    }
}

/// Waits for the end of a job; `None` when it has vanished.
pub(super) async fn ended(boss: &SkillBoss, id: &str) -> Option<Job> {
    loop {
        let changed = boss.job_ended.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let job = boss.jobs.get(id)?;
        if job.is_over() {
            return Some(job);
        }
        tokio::select! {
            () = changed => {}
            () = boss.closing.cancelled() => return None,
        }
    }
}

async fn live(boss: &Arc<SkillBoss>, id: &str) {
    if let Err(error) = all_stages(boss, id).await {
        tracing::error!(%error, id, "the sandbox could not keep the state of a job");
    }
}

async fn all_stages(boss: &Arc<SkillBoss>, id: &str) -> std::io::Result<()> {
    let Some(job) = boss.jobs.get(id) else { return Ok(()) };
    if !job.is_over() {
        if job.state == State::Queued {
            if job.has(&Fault::WebhookForged) {
                webhook::forge(boss, &job).await?;
            }
            if job.has(&Fault::StuckInQueue) {
                return Ok(());
            }
            tokio::time::sleep(boss.pace.of_ms(boss.options.queue_ms)).await;
        }
        let begun = boss.jobs.change(id, |job| {
            let open = !job.is_over();
            if open {
                job.state = State::Running;
            }
            open
        })?;
        if begun != Some(true) || job.has(&Fault::StuckInProgress) {
            return Ok(());
        }
        let least: Duration = boss.pace.of_ms(boss.options.work_ms);
        let (made, ()) = tokio::join!(work(boss, &job), tokio::time::sleep(least));
        boss.finish(id, made)?;
    }
    webhook::tell(boss, id).await
}

/// Does what was asked; the file that came of it, or why nothing did.
async fn work(boss: &Arc<SkillBoss>, job: &Job) -> Result<Option<String>, String> {
    for fault in &job.troubles {
        if let Fault::JobFails { message } = fault {
            return Err(message.clone().unwrap_or_else(|| "vendor rejected the prompt (sandbox)".to_owned()));
        }
    }
    match &job.work {
        Work::Clip(wish) => boss.film(job, wish).await.map(Some),
        Work::TemplateUpdate { .. } | Work::Chat { .. } => Ok(None),
    }
}

impl SkillBoss {
    /// The end of a job: charged when it was done and can be paid, and only then.
    fn finish(&self, id: &str, made: Result<Option<String>, String>) -> std::io::Result<()> {
        let _money = self.money();
        let Some(job) = self.jobs.get(id) else { return Ok(()) };
        let short = job.has(&Fault::LateNoFunds) || self.balance(&job.account) < job.price;
        let now = self.clock.now_ms();
        self.jobs.change(id, |job| {
            if job.is_over() {
                return;
            }
            job.finished_at_ms = Some(now);
            match made {
                Ok(_) if short => {
                    job.state = State::Failed;
                    job.error = Some(format!("{NO_FUNDS}: {} needed", job.price));
                }
                Ok(file) => {
                    job.state = State::Completed;
                    job.file = file;
                    job.charged = Some(job.price);
                    job.taken = job.troubles.iter().find_map(|fault| match fault {
                        Fault::Overcharge { factor } => Some(job.price.times(*factor)),
                        _ => None,
                    });
                    job.receipt = Some(self.receipt(job, job.price));
                }
                Err(why) => (job.state, job.error) = (State::Failed, Some(why)),
            }
        })?;
        self.job_ended.notify_waiters();
        Ok(())
    }

    /// Ends a job that takes no time.
    pub(super) fn finish_now(&self, job: &Job) -> std::io::Result<Job> {
        self.finish(&job.id, Ok(None))?;
        Ok(self.jobs.get(&job.id).unwrap_or_else(|| job.clone()))
    }
}
