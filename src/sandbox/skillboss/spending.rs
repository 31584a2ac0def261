//! What an account may still spend: its money, its rules, its budget, its sub-wallets' limits.

use serde_json::json;

use super::answer::Refusal;
use super::models::{self, Model};
use super::rows::{Job, State, Wallet};
use super::{SkillBoss, Usd};

const DAY_MS: i64 = 24 * 3600 * 1000;

impl SkillBoss {
    /// What the account has.
    pub(super) fn balance(&self, account: &str) -> Usd {
        let grant = self.wallets.get(account).map(|wallet| wallet.grant).unwrap_or_default();
        grant - self.jobs.fold(Usd::default(), |sum, job| sum + charged(job, account))
    }

    /// The account behind a wallet.
    pub(super) fn account_of(&self, wallet: &Wallet) -> Wallet {
        self.wallets.get(&wallet.account).unwrap_or_else(|| wallet.clone())
    }

    /// What was charged, and what open jobs are going to cost, for jobs that fit and began at or after a time.
    fn committed(&self, since_ms: i64, fits: impl Fn(&Job) -> bool) -> Usd {
        self.jobs.fold(Usd::default(), |sum, job| {
            let counts = job.created_at_ms >= since_ms && fits(job);
            match job.state {
                State::Completed if counts => sum + job.charged.unwrap_or_default(),
                State::Queued | State::Running if counts => sum + job.price,
                _ => sum,
            }
        })
    }

    /// Refuses what would go over a limit. Call it with the money held.
    pub(super) fn may_spend(&self, wallet: &Wallet, model: &Model, price: Usd) -> Result<(), Refusal> {
        let account = self.account_of(wallet);
        let balance = self.balance(&account.id);
        if balance < price {
            let text = format!("Insufficient balance: {price} needed, {balance} left");
            return Err(Refusal::funds("insufficient_balance", text)
                .with("required_usd", json!(price))
                .with("balance_usd", json!(balance)));
        }
        self.within_limits(wallet, model, price)?;
        self.within_rules(&account, model, price)?;
        self.within_budget(&account, price)
    }

    fn within_limits(&self, wallet: &Wallet, model: &Model, price: Usd) -> Result<(), Refusal> {
        let limits = &wallet.limits;
        if limits
            .allowed_vendors
            .as_ref()
            .is_some_and(|vendors| !vendors.iter().any(|one| one == model.vendor))
        {
            let text = format!("This wallet may not use models of {}", model.vendor);
            return Err(Refusal::new(
                axum::http::StatusCode::FORBIDDEN,
                "permission_error",
                "vendor_not_allowed",
                text,
            ));
        }
        let spent = |since_ms: i64| self.committed(since_ms, |job| job.wallet == wallet.id);
        for (name, limit, since_ms) in [
            ("max_spend_usd", limits.max_spend_usd, i64::MIN),
            ("daily_limit_usd", limits.daily_limit_usd, self.ago(1)),
            ("weekly_limit_usd", limits.weekly_limit_usd, self.ago(7)),
            ("monthly_limit_usd", limits.monthly_limit_usd, self.ago(30)),
        ] {
            within("sub_wallet_limit", name, limit, price, || spent(since_ms))?;
        }
        Ok(())
    }

    fn within_rules(&self, account: &Wallet, model: &Model, price: Usd) -> Result<(), Refusal> {
        for rule in account.rules.iter().filter(|rule| covers(&rule.scope, model)) {
            let spent = |since_ms: i64| {
                self.committed(since_ms, |job| {
                    let same = models::find(&job.used_model).is_some_and(|model| covers(&rule.scope, model));
                    job.account == account.id && same
                })
            };
            within("wallet_rule", "max_cost_usd", rule.max_cost_usd, price, Usd::default)?;
            within("wallet_rule", "daily_limit_usd", rule.daily_limit_usd, price, || spent(self.ago(1)))?;
            within("wallet_rule", "weekly_limit_usd", rule.weekly_limit_usd, price, || spent(self.ago(7)))?;
            within("wallet_rule", "monthly_limit_usd", rule.monthly_limit_usd, price, || {
                spent(self.ago(30))
            })?;
        }
        Ok(())
    }

    fn within_budget(&self, account: &Wallet, price: Usd) -> Result<(), Refusal> {
        let Some(budget) = account.budget.as_ref().filter(|budget| budget.hard_stop) else { return Ok(()) };
        let spent = |since_ms: i64| self.committed(since_ms, |job| job.account == account.id);
        within("hard_budget_stop", "daily", budget.daily, price, || spent(self.ago(1)))?;
        within("hard_budget_stop", "weekly", budget.weekly, price, || spent(self.ago(7)))?;
        within("hard_budget_stop", "monthly", budget.monthly, price, || spent(self.ago(30)))
    }

    fn ago(&self, days: i64) -> i64 {
        self.clock.now_ms() - days * DAY_MS
    }
}

/// What a job took from the account.
fn charged(job: &Job, account: &str) -> Usd {
    job.lost().filter(|_| job.account == account).unwrap_or_default()
}

/// Whether a rule is about this model.
pub(super) fn covers(scope: &str, model: &Model) -> bool {
    match scope.split_once(':') {
        None => scope == "all",
        Some(("type", name)) => name == model.type_name(),
        Some(("model", id)) => id == model.id,
        Some(("vendor", name)) => name == model.vendor,
        Some(_) => false,
    }
}

fn within(
    code: &str,
    name: &str,
    limit: Option<Usd>,
    price: Usd,
    spent: impl FnOnce() -> Usd,
) -> Result<(), Refusal> {
    let Some(limit) = limit else { return Ok(()) };
    let spent = spent();
    if spent + price <= limit {
        return Ok(());
    }
    let text = format!(
        "Budget exceeded: {name} is {limit}, {spent} is spent or promised, {price} would come on top"
    );
    Err(Refusal::new(axum::http::StatusCode::PAYMENT_REQUIRED, "budget_exceeded", code, text)
        .with("limit_usd", json!(limit))
        .with("spent_usd", json!(spent)))
}
