//! A batch in sentences: how it stands, and what to do next.

use super::count::Count;
use super::{BatchReport, Standing};
use crate::jobs::rehearsal;
use crate::model::batch::{Batch, BatchState};
use crate::model::job::Service;
use crate::money::Usd;

pub(super) fn message(batch: &Batch, told: &BatchReport, count: &Count, standing: Standing) -> String {
    let mut said = Vec::new();
    let rehearsed = told.is_rehearsal();
    let mark = if rehearsed { rehearsal::mark(Service::Sandbox) } else { "" };
    let head = match (standing, count.done, told.lines_total) {
        (Standing::Ended, 1, 1) => "✅ The clip is here.".to_owned(),
        (Standing::Ended, done, all) if done == all => format!("✅ All {done} clips are here."),
        (Standing::Ended, done, all) => format!("Ended: {done} of {all} clips are here."),
        (_, done, all) => format!("{done} of {all} clips are here."),
    };
    said.push(head);
    let are_with_it = match (count.posts, rehearsed) {
        (1, false) => "post is with the scheduler",
        (1, true) => "post is with the scheduler, which is the sandbox's own",
        (_, false) => "posts are with the scheduler",
        (_, true) => "posts are with the scheduler, which is the sandbox's own",
    };
    for (many, what) in [
        (count.moving, "under way"),
        (count.short, "waiting for money"),
        (count.waiting, "waiting"),
        (count.scheduled, "waiting for their time"),
        (count.failed, "came to nothing"),
        (count.posts, are_with_it),
        (
            count.posts_failed,
            if count.posts_failed == 1 { "post came to nothing" } else { "posts came to nothing" },
        ),
        (count.doubtful, if count.doubtful == 1 { "waits for a decision" } else { "wait for a decision" }),
        (count.cancelled, "cancelled"),
    ] {
        if many > 0 {
            said.push(format!("{many} {what}."));
        }
    }
    if told.charged_usd > Usd::ZERO || told.reserved_usd > Usd::ZERO || told.budget_usd.is_some() {
        let open = match told.reserved_usd {
            Usd::ZERO => String::new(),
            open => format!(", {open} set aside"),
        };
        let budget = told.budget_usd.map(|budget| format!(" of at most {budget}")).unwrap_or_default();
        let kind = if rehearsed { " in make-believe dollars" } else { "" };
        said.push(format!("Charged {}{budget}{open}{kind}.", told.charged_usd));
    }
    match batch.state {
        BatchState::Paused if batch.hold.is_none() => said.push("Paused.".to_owned()),
        BatchState::Cancelled => said.push("The batch was cancelled.".to_owned()),
        _ => {}
    }
    if let Some(hold) = batch.hold.as_ref().filter(|_| standing != Standing::Ended) {
        said.push(hold.message.clone());
    }
    format!("{mark}{}", said.join(" "))
}

pub(super) fn next(batch: &Batch, told: &BatchReport, standing: Standing) -> String {
    let name = &batch.name;
    let hold = batch.hold.as_ref().and_then(|hold| hold.next.clone());
    let some = |state: &str| told.counts.contains_key(state);
    match standing {
        Standing::Stuck => hold.unwrap_or_else(|| format!("Go on with: firstcut batch resume {name}")),
        Standing::Moves if batch.state == BatchState::Paused => format!(
            "What was begun is finished meanwhile (firstcut batch wait {name} stays with it). Go on with: firstcut batch resume {name}"
        ),
        Standing::Moves => hold.unwrap_or_else(|| {
            format!("firstcut batch wait {name} stays with it; firstcut worker moves it in the background.")
        }),
        Standing::Ended if some("uncertain") => {
            "Settle what is uncertain: firstcut jobs adopt, retry or drop JOB.".to_owned()
        }
        Standing::Ended
            if told.lines.iter().flat_map(|line| &line.posts).any(|post| post.error.is_some()) =>
        {
            format!(
                "firstcut batch show {name} says what became of the posts; firstcut publish JOB posts a clip again."
            )
        }
        Standing::Ended if some("failed") || some("refused") => format!(
            "firstcut batch show {name} says why; firstcut batch resume {name} --failed tries again what cost nothing."
        ),
        Standing::Ended => format!("firstcut batch report {name} shows what each model cost."),
    }
}
