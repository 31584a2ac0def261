//! Limits that the service keeps beside ours: set one at a time here, and not at the cost of those that are there.
//!
//! The service takes all rules, and the whole budget, at once. So what holds is read first, the wish is put into it, and
//! the answer is held against the whole. Where the service does not show what holds, a person has to say that it may be
//! replaced.

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::money::wallet::{Wallet, after, checked};
use crate::money::Usd;
use crate::redact;
use crate::skillboss::rules::{AccountBudget, Rule};

/// Limits for the account; what is not given stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct BudgetWish {
    /// Dollars a day.
    pub daily: Option<Usd>,
    /// Dollars a week.
    pub weekly: Option<Usd>,
    /// Dollars a month.
    pub monthly: Option<Usd>,
    /// Whether calls are refused when a limit is reached; where nothing is said and nothing is set yet, they are.
    pub hard_stop: Option<bool>,
}

/// Sets a limit that the service keeps. What was limited before stays so: limits of another scope, and those of the same
/// scope for another span. With `replace`, also where the service does not show what that is.
///
/// # Errors
/// `InvalidInput` when it does not, and nobody said so; `Protocol` when the service does not confirm this limit and all
/// earlier ones: then they may not be in force.
pub async fn limit(app: &App, wish: &Rule, replace: bool) -> Result<Wallet> {
    let client = app.skillboss(checked(app)?).await?;
    let (known, blind) = seen(client.rules().await?, replace)?;
    let mut all = known.unwrap_or_default();
    match all.iter_mut().find(|rule| rule.scope == wish.scope) {
        Some(rule) => rule.take(wish),
        None => all.push(wish.clone()),
    }
    confirm(&all, &client.set_rules(&all).await?)?;
    let set = all.iter().find(|rule| rule.scope == wish.scope).map(told).unwrap_or_default();
    Ok(after(app, &format!("The service keeps this limit from now on: {set}{blind}"), true).await)
}

/// Takes back what the service limits about a scope.
///
/// # Errors
/// `InvalidInput` when nothing is limited there, or the service does not show whether; `Protocol` when the service does not confirm what is left.
pub async fn remove_limit(app: &App, scope: &str) -> Result<Wallet> {
    let client = app.skillboss(checked(app)?).await?;
    let Some(mut all) = client.rules().await? else {
        return Err(Error::invalid("The service does not show which limits are set. Nothing was sent.")
            .next("Take it back at its dashboard."));
    };
    let (before, scope) = (all.len(), redact::label(scope));
    all.retain(|rule| rule.scope != scope);
    if all.len() == before {
        return Err(Error::invalid(format!("The service keeps no limit for {scope}; nothing was sent."))
            .next("See the limits with `firstcut wallet`."));
    }
    let left = client.set_rules(&all).await?;
    confirm(&all, &left)?;
    if left.iter().any(|rule| rule.scope == scope) {
        return Err(unconfirmed(&format!("that the limit for {scope} is gone")));
    }
    Ok(after(app, &format!("The service keeps no limit for {scope} any more."), true).await)
}

/// Sets the account's own budget. Limits that are not given stay as they are. `replace` as in [`limit`].
///
/// # Errors
/// `InvalidInput` when the service does not show what is set; `Protocol` when it does not confirm it.
pub async fn account_budget(app: &App, wish: &BudgetWish, replace: bool) -> Result<Wallet> {
    let client = app.skillboss(checked(app)?).await?;
    let (known, blind) = seen(client.account_budget().await?, replace)?;
    let any = known.as_ref().filter(|budget| has_limit(budget)).map(|budget| budget.hard_stop);
    let known = known.unwrap_or_default();
    let wished = AccountBudget {
        daily: wish.daily.or(known.daily),
        weekly: wish.weekly.or(known.weekly),
        monthly: wish.monthly.or(known.monthly),
        hard_stop: wish.hard_stop.or(any).unwrap_or(true),
        alerts: known.alerts,
    };
    let set = client.set_account_budget(&wished).await?;
    let holds = |asked: Option<Usd>, told: Option<Usd>| asked.is_none() || asked == told;
    let kept = holds(wished.daily, set.daily)
        && holds(wished.weekly, set.weekly)
        && holds(wished.monthly, set.monthly)
        && set.hard_stop == wished.hard_stop;
    if !kept {
        return Err(unconfirmed("these limits of the account"));
    }
    Ok(after(app, &format!("The account's limits are now: {}.{blind}", budget_told(&set)), true).await)
}

/// What to know where the service shows nothing of what is set already.
const UNSEEN: &str = " It does not show what was set before, so earlier limits may have been replaced by this one: look at its dashboard.";

/// What is set before, and what is to be said where nobody sees it; refused there, unless it may be replaced.
fn seen<T>(known: Option<T>, replace: bool) -> Result<(Option<T>, &'static str)> {
    match known {
        Some(known) => Ok((Some(known), "")),
        None if replace => Ok((None, UNSEEN)),
        None => Err(Error::invalid(
            "The service does not show which limits are set, and a new one may take the place of all of them. Nothing was sent.",
        )
        .next("Look at its dashboard. To set this one all the same, add --replace.")),
    }
}

/// Each rule that was sent has to be in the answer.
fn confirm(sent: &[Rule], answered: &[Rule]) -> Result<()> {
    match sent.iter().find(|rule| !answered.iter().any(|it| it.is_like(rule))) {
        None => Ok(()),
        Some(rule) => Err(unconfirmed(&format!("this limit: {}", told(rule)))),
    }
}

fn unconfirmed(what: &str) -> Error {
    Error::new(
        Kind::Protocol,
        format!("The service answered, but does not confirm {what} It may not be in force.", what = ended(what)),
    )
    .next("Look with `firstcut wallet`, and rely on FIRSTCUT_MAX_USD_PER_DAY and FIRSTCUT_MAX_USD_PER_WEEK, which are kept here.")
}

fn ended(what: &str) -> String {
    if what.ends_with('.') { what.to_owned() } else { format!("{what}.") }
}

fn has_limit(budget: &AccountBudget) -> bool {
    budget.daily.or(budget.weekly).or(budget.monthly).is_some()
}

/// A rule as a sentence.
pub(super) fn told(rule: &Rule) -> String {
    let [call, day, week, month] = rule.limits();
    let limits = spans([("a call", call), ("a day", day), ("a week", week), ("a month", month)]);
    let limits = if limits.is_empty() { "something that firstcut does not understand" } else { &limits };
    format!("{}: {limits}.", redact::label(&rule.scope))
}

/// The account's budget as a sentence without its full stop; nothing when there is none.
pub(super) fn budget(known: &AccountBudget) -> Option<String> {
    has_limit(known).then(|| budget_told(known))
}

fn budget_told(budget: &AccountBudget) -> String {
    let limits = spans([("a day", budget.daily), ("a week", budget.weekly), ("a month", budget.monthly)]);
    let stop = if budget.hard_stop { "calls beyond are refused" } else { "beyond it only a warning" };
    format!("{limits}; {stop}")
}

/// As in `$20.00 a day, $100.00 a week`.
pub(super) fn spans<const N: usize>(limits: [(&str, Option<Usd>); N]) -> String {
    let told: Vec<_> =
        limits.iter().filter_map(|(span, usd)| usd.map(|usd| format!("{usd} {span}"))).collect();
    told.join(", ")
}
