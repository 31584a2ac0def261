//! Routes of the settings file: `[routes.NAME]` spreads prompts over models by weight.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Value;

/// A name that chooses a model for each prompt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The models to choose from.
    pub arms: Vec<Arm>,
}

/// One of the models of a route.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The model.
    pub model: String,
    /// Its share, beside the weights of the others.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// The most arms of one route: each needs clips of its own to say anything.
const MAX_ARMS: usize = 16;

/// Reads the table `routes`; what is wrong is said, a sentence each.
pub(super) fn read(value: &Value) -> Result<BTreeMap<String, Route>, Vec<String>> {
    let Value::Table(table) = value else {
        return Err(vec!["routes must be a table: [routes.NAME].".to_owned()]);
    };
    let mut routes = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, value) in table {
        match route(value) {
            Ok(route) => drop(routes.insert(name.clone(), route)),
            Err(what) => problems.push(format!("routes.{}: {what}", crate::redact::quote(name, 60))),
        }
    }
    if problems.is_empty() { Ok(routes) } else { Err(problems) }
}

fn route(value: &Value) -> Result<Route, String> {
    let form =
        "write arms = [{ model = \"veo-3.1\", weight = 50 }, { model = \"veo-3.1-fast\", weight = 50 }].";
    let mut route = Route::deserialize(value.clone())
        .map_err(|error| format!("{}; {form}", crate::redact::quote(error.message(), 120)))?;
    if route.arms.is_empty() || route.arms.len() > MAX_ARMS {
        return Err(format!("it has {} arms and must have 1 to {MAX_ARMS}; {form}", route.arms.len()));
    }
    let mut models = BTreeSet::new();
    for arm in &mut route.arms {
        arm.model = arm.model.trim().to_owned();
        if arm.model.is_empty() || !models.insert(arm.model.clone()) {
            return Err(format!("each arm needs a model of its own; {form}"));
        }
        if !arm.weight.is_finite() || arm.weight <= 0.0 {
            return Err(format!("the weight of {} must be above 0; take the arm out instead.", arm.model));
        }
    }
    Ok(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_bad_routes() {
        let read = |text: &str| read(&Value::Table(text.parse().unwrap()));
        let both = read("[social]\narms = [{ model = \"a\", weight = 50 }, { model = \"b\" }]\n").unwrap();
        assert_eq!(both["social"].arms[1], Arm { model: "b".into(), weight: 1.0 });
        assert_eq!(
            read("[[social.arms]]\nmodel = \"a\"\nweight = 2.5\n").unwrap()["social"].arms[0].weight,
            2.5
        );
        for (text, said) in [
            ("[x]\narms = []", "0 arms"),
            ("[x]\narms = [{ model = \"a\", weight = 0 }]", "above 0"),
            ("[x]\narms = [{ model = \"a\" }, { model = \" a \" }]", "of its own"),
            ("[x]\narms = [{ modell = \"a\" }]", "modell"),
            ("x = 1", "routes.x"),
        ] {
            let problems = read(text).unwrap_err().join(" ");
            assert!(problems.contains(said), "{problems}");
        }
    }
}
