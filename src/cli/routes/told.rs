//! Routes and their comparison in words, for people at a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::batch::told::marked;
use crate::config::Route;
use crate::jobs::routes::interval::Interval;
use crate::jobs::routes::report::{ArmReport, Comparison};

/// The routes of the settings.
pub(in crate::cli) fn routes(routes: &BTreeMap<String, Route>, file: &str) -> String {
    if routes.is_empty() {
        return format!(
            "There are no routes.\nNext: write one into {file}:\n\n[routes.social]\narms = [\n  {{ model = \"veo-3.1\", weight = 50 }},\n  {{ model = \"veo-3.1-fast\", weight = 50 }},\n]"
        );
    }
    let mut text = String::new();
    for (name, route) in routes {
        let sum: f64 = route.arms.iter().map(|arm| arm.weight).sum();
        let arms: Vec<_> =
            route.arms.iter().map(|arm| format!("{} {:.0} %", arm.model, arm.weight * 100.0 / sum)).collect();
        let _ = writeln!(text, "{name:<16} {}", arms.join(", "));
    }
    text
}

/// Models beside each other.
pub(in crate::cli) fn comparison(told: &Comparison) -> String {
    let mut text = String::new();
    for arm in &told.arms {
        let _ = writeln!(text, "{}", if arm.model.is_empty() { "(its own model)" } else { &arm.model });
        for (name, value) in facts(arm) {
            let _ = writeln!(text, "  {name:<14} {value}");
        }
    }
    let _ = write!(text, "{}", told.message);
    marked(told.rehearsal, &text)
}

fn facts(arm: &ArmReport) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "clips",
        format!("{} of {} lines, {} came to nothing, {:.0} s", arm.done, arm.lines, arm.failed, arm.seconds),
    )];
    let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    add("success", arm.success.map(percent));
    let each = arm.usd_per_clip.map(|each| format!(", {each} a clip")).unwrap_or_default();
    let kept = arm.usd_per_kept_clip.map(|each| format!(", {each} a kept clip")).unwrap_or_default();
    add("cost", (arm.lines > 0).then(|| format!("{}{each}{kept}", arm.charged_usd)));
    add("time", arm.median_wait_s.map(|wait| format!("{wait:.0} s in the middle")));
    add("kept", arm.kept.map(percent));
    let score =
        |it: Interval| format!("{:.2} ({:.2} to {:.2}), {} clips", it.value, it.low, it.high, it.clips);
    add("score", arm.score.map(score));
    add("engagement", arm.engagement.map(percent));
    facts
}

fn percent(it: Interval) -> String {
    format!(
        "{:.1} % ({:.1} to {:.1} %), {} clips",
        it.value * 100.0,
        it.low * 100.0,
        it.high * 100.0,
        it.clips
    )
}
