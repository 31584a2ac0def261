//! Batches in words, for people at a terminal.

use std::fmt::Write as _;

use crate::cli::advice;
use crate::jobs::batch::check::{Problem, Prospect};
use crate::jobs::batch::report::{BatchReport, LineReport};
use crate::jobs::rehearsal::{SHORT_MARK, shortly_marked};
use crate::money::Usd;
use crate::redact::quote;

/// A rehearsal is told as one in every line.
pub(in crate::cli) fn marked(rehearsal: bool, text: &str) -> String {
    if !rehearsal {
        return text.to_owned();
    }
    text.lines().map(|line| format!("{SHORT_MARK}{line}")).collect::<Vec<_>>().join("\n")
}

/// What a batch would take: what is wrong first, then the price.
pub(in crate::cli) fn prospect(told: &Prospect) -> String {
    let mut text = String::new();
    let mut line = |problem: &Problem| {
        let _ = writeln!(
            text,
            "line {}: {}. {}",
            problem.line,
            problem.message.trim_end_matches('.'),
            advice::for_people(&problem.next)
        );
    };
    told.problems.iter().chain(&told.skipped).for_each(&mut line);
    for sum in &told.sums {
        let model = if sum.model.is_empty() { "its own model" } else { &sum.model };
        let seconds = if sum.seconds > 0 { format!(", {} s", sum.seconds) } else { String::new() };
        let calls = if sum.calls == sum.lines { String::new() } else { format!(" in {} calls", sum.calls) };
        let price = match (sum.estimated_usd, sum.most_usd) {
            (Some(about), Some(most)) if about != most => format!("about {about}, at most {most}"),
            (_, Some(most)) => format!("at most {most}"),
            _ => "NemoVideo's credits".to_owned(),
        };
        let clips = if sum.lines == 1 { "clip" } else { "clips" };
        let _ =
            writeln!(text, "{:<24} {} {clips}{calls}{seconds}: {price}  ({})", model, sum.lines, sum.service);
    }
    let mut sum = match told.new_lines {
        0 => "Nothing new to make".to_owned(),
        1 => "1 clip to make".to_owned(),
        many => format!("{many} clips to make"),
    };
    if let Some(most) = told.most_usd {
        let about = told.estimated_usd.map(|about| format!("about {about}, ")).unwrap_or_default();
        let _ = write!(sum, " for {about}at most {most}");
        if told.rehearsal {
            sum.push_str(", in make-believe dollars");
        }
    }
    if let Some(credits) = told.most_credits {
        let _ =
            write!(sum, "{} up to {credits} credits", if told.most_usd.is_some() { " and" } else { " for" });
    }
    let known = match told.known_lines {
        0 => String::new(),
        1 => "; 1 is in the batch already".to_owned(),
        many => format!("; {many} are in the batch already"),
    };
    let bad = match told.problems.len() {
        0 => String::new(),
        1 => "; 1 line cannot be used and is left out".to_owned(),
        many => format!("; {many} lines cannot be used and are left out"),
    };
    let _ = write!(text, "{sum}{known}{bad}.");
    marked(told.rehearsal, &text)
}

/// A batch with every line.
pub(in crate::cli) fn batch(told: &BatchReport) -> String {
    let mut text = String::new();
    for line in &told.lines {
        let _ = writeln!(text, "{}", batch_line(told, line));
        if let Some(note) = &line.enhancement {
            let sent =
                line.sent_prompt.as_deref().map(|sent| format!(" Sent: \"{sent}\"")).unwrap_or_default();
            let _ = writeln!(text, "{}", marked(told.is_rehearsal(), &format!("      {note}{sent}")));
        }
        if let (Some(_), Some(next)) = (&line.error, &line.next) {
            let next = format!("      {}", advice::for_people(next));
            let _ = writeln!(text, "{}", marked(told.is_rehearsal(), &next));
        }
    }
    text.push_str(&batch_in_short(told));
    text
}

/// The same without lines, but for those that came to nothing.
pub(in crate::cli) fn batch_in_short(told: &BatchReport) -> String {
    let mut text = format!("{} ({}): {}", told.batch, told.state, told.message);
    if let Some(eta) = told.eta_s {
        let _ = write!(text, " About {} left.", span(eta));
    }
    let _ = write!(text, "\nNext: {}", advice::for_people(&told.next));
    text
}

/// The first line of the live table.
pub(in crate::cli) fn batch_head(told: &BatchReport) -> String {
    let counts: Vec<_> = told.counts.iter().map(|(state, many)| format!("{many} {state}")).collect();
    let budget = told.budget_usd.map(|budget| format!(" of {budget}")).unwrap_or_default();
    let eta = told.eta_s.map(|eta| format!(" · about {} left", span(eta))).unwrap_or_default();
    let hold = told.hold.as_ref().map(|hold| format!(" · {}", hold.message)).unwrap_or_default();
    let head = format!("{} · {}{budget}{eta}{hold}", counts.join(", "), told.charged_usd);
    marked(told.is_rehearsal(), &head)
}

/// One line of a batch.
pub(in crate::cli) fn batch_line(told: &BatchReport, line: &LineReport) -> String {
    let state = match line.progress_pct {
        Some(percent) => format!("{} {percent:.0} %", line.state),
        None => line.state.clone(),
    };
    let model = line.model.as_deref().unwrap_or("–");
    let about = match (&line.file, &line.not_before) {
        (Some(file), _) => file.clone(),
        (None, Some(at)) => format!("not before {at}"),
        (None, None) => quote(&line.message, 160),
    };
    let posts: Vec<_> = line
        .posts
        .iter()
        .map(|post| match &post.error {
            Some(_) => format!("{}: {} ({})", post.channel, post.standing, post.message),
            None => format!("{}: {}", post.channel, post.standing),
        })
        .collect();
    let about = if posts.is_empty() { about } else { format!("{about}  [{}]", posts.join(", ")) };
    let row = format!(
        "{:>4}  {state:<16} {:>8} {:<20} {model:<14} {}  {about}",
        line.line,
        cost(line),
        quote(&line.key, 20),
        quote(&line.prompt, 40)
    );
    marked(told.is_rehearsal(), &row)
}

/// What a line costs: what was charged, else the most that is set aside.
fn cost(line: &LineReport) -> String {
    match (line.cost_usd, line.reserved_usd) {
        (Some(charged), None) => charged.to_string(),
        (charged, Some(open)) => {
            format!("≤{}", charged.unwrap_or(Usd::ZERO).checked_add(open).unwrap_or(Usd::MAX))
        }
        (None, None) => "–".to_owned(),
    }
}

/// The rows of the live table: what is under way, as far as there is room.
pub(in crate::cli) fn batch_rows(told: &BatchReport, room: usize) -> Vec<String> {
    let moving: Vec<_> = told.lines.iter().filter(|line| is_under_way(&line.state)).collect();
    let rows = moving.iter().take(room).enumerate();
    rows.map(|(place, line)| {
        if place + 1 == room && moving.len() > room {
            format!("{}  … and {} more", batch_line(told, line), moving.len() - room)
        } else {
            batch_line(told, line)
        }
    })
    .collect()
}

/// Whether a line in this state has a job that moves.
fn is_under_way(state: &str) -> bool {
    matches!(state, "queued" | "submitting" | "running" | "ready" | "delivering")
}

/// All batches, one a line.
pub(in crate::cli) fn batches(all: &[BatchReport]) -> String {
    if all.is_empty() {
        return "There are no batches.\nNext: firstcut batch FILE.jsonl begins one.".to_owned();
    }
    let line = |told: &BatchReport| {
        format!("{:<24} {:<9} {}", told.batch, told.state, shortly_marked(&told.message))
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn span(seconds: u64) -> String {
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5_400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{:.1} h", std::time::Duration::from_secs(seconds).as_secs_f64() / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u32, state: &str, charged: Option<i64>, reserved: Option<i64>) -> LineReport {
        LineReport {
            line: number,
            key: format!("k{number}"),
            state: state.to_owned(),
            prompt: "a lake".to_owned(),
            progress_pct: (state == "running").then_some(40.0),
            cost_usd: charged.map(Usd::from_cents),
            reserved_usd: reserved.map(Usd::from_cents),
            ..LineReport::default()
        }
    }

    #[test]
    fn the_live_table_shows_state_cost_and_time_left() {
        let told = BatchReport {
            counts: [("done".to_owned(), 1), ("running".to_owned(), 3)].into(),
            charged_usd: Usd::from_cents(12),
            budget_usd: Some(Usd::from_cents(500)),
            eta_s: Some(150),
            lines: vec![
                line(1, "done", Some(12), None),
                line(2, "running", None, Some(48)),
                line(3, "running", Some(24), Some(24)),
                line(4, "queued", None, None),
            ],
            ..BatchReport::default()
        };
        assert_eq!(batch_head(&told), "1 done, 3 running · $0.12 of $5.00 · about 3 min left");
        let rows = batch_rows(&told, 2);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows[0].contains("running 40 %") && rows[0].contains("≤$0.48"), "{rows:?}");
        assert!(rows[1].contains("≤$0.48") && rows[1].ends_with("… and 1 more"), "{rows:?}");
        assert_eq!(batch_rows(&told, 8).len(), 3, "what is done is no row");
        assert!(
            batch_line(&told, &told.lines[0]).contains("  $0.12 "),
            "{}",
            batch_line(&told, &told.lines[0])
        );
    }
}
