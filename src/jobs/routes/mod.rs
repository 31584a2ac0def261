//! Routes: a name in the settings that spreads prompts over models by weight, always the same one for the same key.

pub mod interval;
pub mod rate;
pub mod report;

use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::config::{Arm, Route};
use crate::error::{Error, Kind, Result};
use crate::model::catalog::{Refusal, Wish};

/// The arm that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Its model.
    pub(super) model: String,
    /// Why, for people.
    pub(super) why: String,
}

/// The arm of a route for a key, among those that are alive and not `spent`.
///
/// # Errors
/// `NotFound` for a route that no setting names, `ModelRetired` when no arm is alive.
pub(super) async fn choose(app: &App, name: &str, key: &str, spent: &[String]) -> Result<Chosen> {
    let route = app.config().routes.get(name).ok_or_else(|| unknown(app, name))?;
    let catalog = app.catalog().await?;
    let today = Timestamp::from_millisecond(app.now_ms())
        .map(|at| at.to_zoned(TimeZone::UTC).date())
        .map_err(|error| Error::internal("The clock shows no day.").because(error))?;
    let is_gone = |arm: &Arm| {
        let wish = Wish { model: arm.model.clone(), ..Wish::default() };
        matches!(catalog.plan(&wish, today), Err(Refusal::Retired { .. }))
    };
    let mut passed_over = Vec::new();
    for arm in ranked(route, name, key) {
        if spent.contains(&arm.model) {
            passed_over.push(format!("{} was refused", arm.model));
        } else if is_gone(arm) {
            passed_over.push(format!("{} is retired", arm.model));
        } else {
            let instead = match passed_over.as_slice() {
                [] => String::new(),
                over => format!(", because {}", over.join(" and ")),
            };
            let why = format!("Route {name} chose {}{instead}.", arm.model);
            return Ok(Chosen { model: arm.model.clone(), why });
        }
    }
    Err(Error::new(
        Kind::ModelRetired,
        format!("no model of the route {name} is left: {}", passed_over.join(", ")),
    )
    .next(format!("Put a living model into [routes.{name}] of firstcut.toml; firstcut estimate lists them.")))
}

fn unknown(app: &App, name: &str) -> Error {
    let shown = crate::redact::quote(name, 60);
    let known: Vec<_> = app.config().routes.keys().map(String::as_str).collect();
    Error::new(Kind::NotFound, format!("there is no route \"{shown}\"")).next(match known.as_slice() {
        [] => format!(
            "Write it into {}: [routes.{shown}] and arms = [{{ model = \"veo-3.1\", weight = 50 }}, …].",
            app.config().config_file.display()
        ),
        known => format!("There are {}.", known.join(", ")),
    })
}

/// The arms in the order in which this key wants them: the first alone follows the weights, and when it falls out, its
/// keys go to the others by their weights while every other key stays where it was (weighted rendezvous hashing).
fn ranked<'a>(route: &'a Route, name: &str, key: &str) -> Vec<&'a Arm> {
    let mut scored: Vec<(f64, &Arm)> =
        route.arms.iter().map(|arm| (-arm.weight / luck(name, key, &arm.model).ln(), arm)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().map(|(_, arm)| arm).collect()
}

/// A number between 0 and 1, the same for the same words on every machine.
fn luck(route: &str, key: &str, model: &str) -> f64 {
    let digest = Sha256::digest(format!("{route}\0{key}\0{model}").as_bytes());
    let number = digest.iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    #[expect(clippy::cast_precision_loss, reason = "48 bits fit")]
    let share = (number as f64 + 0.5) / (1_u64 << 48) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(arms: &[(&str, f64)]) -> Route {
        Route {
            arms: arms
                .iter()
                .map(|(model, weight)| Arm { model: (*model).to_owned(), weight: *weight })
                .collect(),
        }
    }

    fn first<'a>(route: &'a Route, key: &str) -> &'a str {
        &ranked(route, "social", key)[0].model
    }

    #[test]
    fn weights_hold_and_keys_stay() {
        let keys: Vec<String> = (0..20_000).map(|n| format!("key-{n}")).collect();
        for weights in [(50.0, 50.0), (90.0, 10.0), (1.0, 3.0)] {
            let both = route(&[("a", weights.0), ("b", weights.1)]);
            let share = keys.iter().filter(|key| first(&both, key) == "a").count() as f64 / keys.len() as f64;
            let wanted = weights.0 / (weights.0 + weights.1);
            assert!((share - wanted).abs() < 0.015, "{weights:?}: {share}");
        }
        // Who leaves takes only the keys that it had; a third arm takes a fair share from everybody.
        let three = route(&[("a", 1.0), ("b", 1.0), ("c", 2.0)]);
        let two = route(&[("a", 1.0), ("b", 1.0)]);
        for key in &keys {
            let before = first(&three, key);
            assert!(before == "c" || first(&two, key) == before, "{key}");
        }
        assert_eq!(first(&three, "key-1"), first(&three, "key-1"));
    }
}
