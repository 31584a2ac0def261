//! `wallet`: the SkillBoss wallet by hand.

use clap::{Args, Subcommand};

use super::{Exit, Shell, text};
use crate::error::{Error, Result};
use crate::jobs::money::limits::{self, BudgetWish};
use crate::jobs::money::wallet;
use crate::money::Usd;
use crate::skillboss::rules::Rule;
use crate::skillboss::wallet::SubWalletWish;

#[derive(Args, Debug)]
pub(super) struct Wallet {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the balance, what was spent, the limits and the sub-wallets (the same as no word)
    Show,
    /// Get an anonymous trial wallet: a free key with half a dollar, one a day
    Trial,
    /// Set a limit that the service keeps; the others stay
    Limit(Limit),
    /// Set the account's own budget; what is not given stays
    Budget(Budget),
    /// Make a purse with a key of its own
    SubWallet(SubWallet),
}

#[derive(Args, Debug)]
struct Limit {
    /// What it is about, such as type:video or model:veo-3.1
    #[arg(long, value_name = "SCOPE", default_value = "type:video")]
    scope: String,
    /// Take back what is limited about it
    #[arg(long, conflicts_with_all = ["per_call", "per_day", "per_week", "per_month", "replace"])]
    remove: bool,
    #[command(flatten)]
    limits: Limits,
    /// Dollars a call
    #[arg(long, value_name = "USD", value_parser = usd)]
    per_call: Option<Usd>,
    #[command(flatten)]
    unseen: Unseen,
}

#[derive(Args, Debug)]
struct Budget {
    #[command(flatten)]
    limits: Limits,
    /// Only warn when a limit is reached, instead of refusing calls
    #[arg(long)]
    soft: bool,
    /// Refuse calls when a limit is reached: so it is unless it was set otherwise before
    #[arg(long, conflicts_with = "soft")]
    hard: bool,
    #[command(flatten)]
    unseen: Unseen,
}

#[derive(Args, Debug)]
struct Unseen {
    /// Also where the service does not show what is set before, which may be lost then
    #[arg(long)]
    replace: bool,
}

#[derive(Args, Debug)]
struct Limits {
    /// Dollars a day
    #[arg(long, value_name = "USD", value_parser = usd)]
    per_day: Option<Usd>,
    /// Dollars a week
    #[arg(long, value_name = "USD", value_parser = usd)]
    per_week: Option<Usd>,
    /// Dollars a month
    #[arg(long, value_name = "USD", value_parser = usd)]
    per_month: Option<Usd>,
}

#[derive(Args, Debug)]
struct SubWallet {
    /// What it is called
    #[arg(value_name = "NAME")]
    label: String,
    /// Dollars altogether
    #[arg(long, value_name = "USD", value_parser = usd)]
    total: Option<Usd>,
    #[command(flatten)]
    limits: Limits,
    /// Vendor whose models it may pay for; may be repeated
    #[arg(long, value_name = "VENDOR")]
    vendor: Vec<String>,
    /// When its key ends, as in 2026-12-31T23:59:59Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<jiff::Timestamp>,
}

impl Wallet {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let told = match self.what.unwrap_or(What::Show) {
            What::Show => wallet::show(&shell.app).await?,
            What::Trial => wallet::trial(&shell.app).await?,
            What::Limit(limit) if limit.remove => limits::remove_limit(&shell.app, &limit.scope).await?,
            What::Limit(limit) => {
                let rule = Rule {
                    scope: limit.scope,
                    max_cost_usd: limit.per_call,
                    daily_limit_usd: limit.limits.per_day,
                    weekly_limit_usd: limit.limits.per_week,
                    monthly_limit_usd: limit.limits.per_month,
                    ..Rule::default()
                };
                if rule.limits() == [None; 4] {
                    return Err(no_limit());
                }
                limits::limit(&shell.app, &rule, limit.unseen.replace).await?
            }
            What::Budget(budget) => {
                let Limits { per_day, per_week, per_month } = budget.limits;
                let hard_stop = (budget.soft || budget.hard).then_some(budget.hard);
                if per_day.or(per_week).or(per_month).is_none() && hard_stop.is_none() {
                    return Err(no_limit());
                }
                let wish = BudgetWish { daily: per_day, weekly: per_week, monthly: per_month, hard_stop };
                limits::account_budget(&shell.app, &wish, budget.unseen.replace).await?
            }
            What::SubWallet(purse) => {
                let wish = SubWalletWish {
                    label: purse.label,
                    max_spend: purse.total,
                    daily_limit: purse.limits.per_day,
                    weekly_limit: purse.limits.per_week,
                    monthly_limit: purse.limits.per_month,
                    allowed_vendors: purse.vendor,
                    expires_at: purse.expires_at,
                };
                wallet::sub_wallet(&shell.app, wish).await?
            }
        };
        shell.out.result(&told, || text::wallet(&told))?;
        Ok(0)
    }
}

fn no_limit() -> Error {
    Error::invalid("No limit was given; nothing was sent.")
        .next("Add --per-day, --per-week or --per-month (for a limit also --per-call) with dollars.")
}

fn usd(text: &str) -> Result<Usd, String> {
    text.trim()
        .trim_start_matches('$')
        .parse()
        .ok()
        .filter(|usd| *usd > Usd::ZERO)
        .ok_or_else(|| "give dollars above 0, such as 3.20".to_owned())
}
