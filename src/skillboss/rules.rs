//! Limits that the service itself keeps: the rules of a wallet and the budget of an account (SkillBoss pages on wallets
//! and budgets).
//!
//! The form of rules is not published; what is sent follows the published sub-wallet, and what comes back is read
//! leniently. Whoever sends rules sends all of them: nothing says that the others stay.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::money::Usd;
use crate::redact;
use crate::skillboss::call::{Call, Effect, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::errors;
use crate::skillboss::wallet::number;
use crate::skillboss::wire;

/// A limit that the service itself keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What it is about, as in `type:video`.
    pub scope: String,
    /// Dollars a call.
    pub max_cost_usd: Option<Usd>,
    /// Dollars a day.
    pub daily_limit_usd: Option<Usd>,
    /// Dollars a week.
    pub weekly_limit_usd: Option<Usd>,
    /// Dollars a month.
    pub monthly_limit_usd: Option<Usd>,
    /// The rule as the service told it, with its id and with what nobody here understands; empty for a new one.
    pub told: Map<String, Value>,
}

/// The names of the limits, ours first, in the order of [`Rule::limits`].
const LIMITS: [&[&str]; 4] = [
    &["max_cost_usd", "per_call_limit_usd"],
    &["daily_limit_usd", "daily_limit"],
    &["weekly_limit_usd", "weekly_limit"],
    &["monthly_limit_usd", "monthly_limit"],
];

impl Rule {
    /// Dollars a call, a day, a week, a month.
    #[must_use]
    pub fn limits(&self) -> [Option<Usd>; 4] {
        [self.max_cost_usd, self.daily_limit_usd, self.weekly_limit_usd, self.monthly_limit_usd]
    }

    /// Takes the limits that another one has, and keeps its own where that has none.
    pub fn take(&mut self, other: &Self) {
        self.max_cost_usd = other.max_cost_usd.or(self.max_cost_usd);
        self.daily_limit_usd = other.daily_limit_usd.or(self.daily_limit_usd);
        self.weekly_limit_usd = other.weekly_limit_usd.or(self.weekly_limit_usd);
        self.monthly_limit_usd = other.monthly_limit_usd.or(self.monthly_limit_usd);
    }

    /// Whether both limit the same to the same.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.scope == other.scope && self.limits() == other.limits()
    }

    fn of(told: &Value) -> Option<Self> {
        let limit = |names: &[&str]| wire::usd(told, names);
        let [call, day, week, month] = LIMITS;
        Some(Self {
            scope: redact::label(&wire::text(told, &["scope", "type"])?),
            max_cost_usd: limit(call),
            daily_limit_usd: limit(day),
            weekly_limit_usd: limit(week),
            monthly_limit_usd: limit(month),
            told: told.as_object()?.clone(),
        })
    }

    /// What the service told, with our limits in it.
    fn to_json(&self) -> Value {
        let mut fields = self.told.clone();
        if fields.is_empty() {
            fields.insert("scope".to_owned(), json!(self.scope));
        }
        for (names, limit) in LIMITS.into_iter().zip(self.limits()) {
            let known = names.iter().copied().find(|name| fields.contains_key(*name));
            let Some(name) = known.or_else(|| names.first().copied()) else { continue };
            if let Some(limit) = limit
                && wire::usd(&Value::Object(fields.clone()), names) != Some(limit)
            {
                fields.insert(name.to_owned(), number(limit));
            }
        }
        Value::Object(fields)
    }
}

/// The account's own budget. A limit that is not given is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountBudget {
    /// Dollars a day.
    pub daily: Option<Usd>,
    /// Dollars a week.
    pub weekly: Option<Usd>,
    /// Dollars a month.
    pub monthly: Option<Usd>,
    /// Whether calls are refused (402) when a limit is reached.
    pub hard_stop: bool,
    /// Who is warned, as the service told it; sent back unchanged.
    pub alerts: Map<String, Value>,
}

/// Fields of a budget that are about warnings.
const ALERTS: [&str; 2] = ["alert_at_80_percent", "escalation_email"];

impl AccountBudget {
    fn of(body: &Value) -> Self {
        let parts = || ["/limits_active", "/budget", ""].into_iter().filter_map(|place| body.pointer(place));
        let limit = |names: &[&str]| parts().find_map(|part| wire::usd(part, names));
        let alert = |name: &str| {
            let told = parts().find_map(|part| part.get(name)).filter(|told| !told.is_null())?;
            Some((name.to_owned(), told.clone()))
        };
        Self {
            daily: limit(&["daily", "daily_limit"]),
            weekly: limit(&["weekly", "weekly_limit"]),
            monthly: limit(&["monthly", "monthly_limit"]),
            hard_stop: parts()
                .find_map(|part| part.get("hard_stop").and_then(Value::as_bool))
                .unwrap_or_default(),
            alerts: ALERTS.into_iter().filter_map(alert).collect(),
        }
    }
}

impl Client {
    /// The rules that the service keeps. Nothing when it has no rules.
    ///
    /// # Errors
    /// As the error table.
    pub async fn rules(&self) -> Result<Option<Vec<Rule>>> {
        let call = Call::get("show the rules", Plane::Control, self.control(&["wallet", "rules"])?);
        match self.ask(&call).await {
            Ok(answer) => rules(answer.json()).map(Some),
            Err(failed) if failed.is_missing() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Sets the rules, all of them, and tells what the service made of them. Compare: what is not in the answer may not
    /// be in force.
    ///
    /// # Errors
    /// As the error table.
    pub async fn set_rules(&self, all: &[Rule]) -> Result<Vec<Rule>> {
        let call = Call::post(
            "set the rules",
            Plane::Control,
            self.control(&["wallet", "rules"])?,
            Some(json!({"rules": all.iter().map(Rule::to_json).collect::<Vec<_>>()})),
            // The same rules once more are the same rules.
            Effect::Repeatable,
        );
        rules(self.ask(&call).await?.json())
    }

    /// The account's budget; without any limit when none is set. Nothing when the service does not tell.
    ///
    /// # Errors
    /// As the error table.
    pub async fn account_budget(&self) -> Result<Option<AccountBudget>> {
        let call = Call::get("show the budget", Plane::Data, self.data(&["agents", "budget"])?);
        match self.ask(&call).await {
            Ok(answer) => Ok(Some(AccountBudget::of(answer.json()))),
            Err(failed) if failed.is_missing() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Sets the account's budget, and tells the limits that are now in force.
    ///
    /// # Errors
    /// As the error table.
    pub async fn set_account_budget(&self, budget: &AccountBudget) -> Result<AccountBudget> {
        let mut body = budget.alerts.clone();
        body.insert("hard_stop".to_owned(), Value::Bool(budget.hard_stop));
        for (name, limit) in [
            ("daily_limit", budget.daily),
            ("weekly_limit", budget.weekly),
            ("monthly_limit", budget.monthly),
        ] {
            if let Some(limit) = limit {
                body.insert(name.to_owned(), number(limit));
            }
        }
        let url = self.data(&["agents", "budget"])?;
        let call =
            Call::post("set the budget", Plane::Data, url, Some(Value::Object(body)), Effect::Repeatable);
        let answer = self.ask(&call).await?;
        let active =
            answer.json().get("limits_active").ok_or_else(|| errors::without("the limits in force"))?;
        let limit = |name: &str| wire::usd(active, &[name]);
        Ok(AccountBudget {
            daily: limit("daily"),
            weekly: limit("weekly"),
            monthly: limit("monthly"),
            hard_stop: answer.json().get("hard_stop").and_then(Value::as_bool).unwrap_or(budget.hard_stop),
            alerts: budget.alerts.clone(),
        })
    }
}

/// The rules in an answer: a list, or an object that has one.
fn rules(body: &Value) -> Result<Vec<Rule>> {
    let list =
        ["/rules", "/data/rules", "/data", ""].iter().find_map(|place| body.pointer(place)?.as_array());
    let list = list.ok_or_else(|| errors::without("the rules"))?;
    let read: Option<Vec<Rule>> = list.iter().map(Rule::of).collect();
    // A rule that nobody understands may be the one that matters.
    read.ok_or_else(|| -> Error { errors::without("rules that can be understood") })
}
