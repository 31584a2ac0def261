//! The SkillBoss wallet: what is in it, what limits hold, here and there, and how to get one.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::config::ServiceChoice;
use crate::error::{Error, Kind, Result};
use crate::jobs::keyfile;
use crate::jobs::money::books::{self, Stretch};
use crate::jobs::money::readings;
use crate::jobs::session::rehearsal_mark;
use crate::model::job::Service;
use crate::money::Usd;
use crate::skillboss::wallet::{AccountBudget, Rule, SubWalletWish};

/// So far back the wallet is compared with the books when it is shown; the report goes further.
const WEEK_MS: i64 = 7 * 86_400_000;

/// A wallet and what holds it back.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Wallet {
    /// skillboss or sandbox.
    pub service: String,
    /// Dollars that can be spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_usd: Option<Usd>,
    /// Charged today (UTC) or set aside now, by this ledger's books.
    pub spent_today_usd: Usd,
    /// The same since Monday.
    pub spent_this_week_usd: Usd,
    /// Of that, set aside for what still runs or cannot be told.
    pub reserved_usd: Usd,
    /// Our own budget for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_day_usd: Option<Usd>,
    /// Our own budget for a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_week_usd: Option<Usd>,
    /// What it lost in the last week, beside what is booked for that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside_the_books: Option<Stretch>,
    /// Limits that the service itself keeps, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// For the person.
    pub message: String,
    /// The sensible next step.
    pub next: String,
}

/// Which wallet is meant: the sandbox's when that is the service, else SkillBoss'.
pub(in crate::jobs) fn service(app: &App) -> Service {
    match app.config().service {
        ServiceChoice::Sandbox => Service::Sandbox,
        _ => Service::SkillBoss,
    }
}

/// Whether there is a wallet to look into.
pub(in crate::jobs) fn is_there(app: &App) -> bool {
    service(app) == Service::Sandbox || app.config().skillboss.is_set_up()
}

/// What is in the wallet, what was spent, and which limits hold.
pub async fn show(app: &App) -> Result<Wallet> {
    let (mut wallet, service) = (balance(app).await?, service(app));
    let rules = app.skillboss(service).await?.rules().await?;
    wallet.rules = rules.unwrap_or_default().iter().map(told).collect();
    let since_ms = app.now_ms() - WEEK_MS;
    let beside = books::balance::compare(app.ledger().await?, since_ms).await?;
    wallet.beside_the_books = beside.into_iter().rfind(|stretch| stretch.whole.service == service.name());
    Ok(wallet)
}

/// The same without the limits that the service keeps.
pub async fn balance(app: &App) -> Result<Wallet> {
    let service = service(app);
    if !is_there(app) {
        return Err(no_wallet());
    }
    let balance = readings::take(app, service).await?;
    let spent = app.ledger().await?.spent(service, app.now_ms()).await?;
    let budget = &app.config().budget;
    let mut message = format!(
        "{}{} in {}; {} spent or set aside today, {} this week (UTC).",
        rehearsal_mark(service),
        balance.available,
        if service.is_rehearsal() { "the sandbox's own wallet" } else { "the SkillBoss wallet" },
        spent.day,
        spent.week
    );
    for (span, cap, used) in [("day", budget.per_day, spent.day), ("week", budget.per_week, spent.week)] {
        if let Some(cap) = cap {
            let left = cap.checked_sub(used).filter(|left| *left > Usd::ZERO).unwrap_or_default();
            message.push_str(&format!(" {left} of the {span}'s budget of {cap} is left."));
        }
    }
    Ok(Wallet {
        service: service.name().to_owned(),
        balance_usd: Some(balance.available),
        spent_today_usd: spent.day,
        spent_this_week_usd: spent.week,
        reserved_usd: spent.reserved,
        max_per_day_usd: budget.per_day,
        max_per_week_usd: budget.per_week,
        beside_the_books: None,
        rules: Vec::new(),
        message,
        next: "Use estimate_cost before making something with a SkillBoss model.".to_owned(),
    })
}

/// Sets a limit that the service keeps, beside ours; tells the limits that it confirms.
///
/// # Errors
/// `Protocol` when the service does not confirm it: then it may not be in force.
pub async fn limit(app: &App, rule: Rule) -> Result<Wallet> {
    let client = app.skillboss(checked(app)?).await?;
    let confirmed = client.set_rules(std::slice::from_ref(&rule)).await?;
    let holds = confirmed.iter().any(|known| Rule { id: None, ..known.clone() } == rule);
    if !holds {
        return Err(Error::new(Kind::Protocol, "The service answered, but does not confirm this limit. It may not be in force.")
            .next("Look with `firstcut wallet`, and rely on FIRSTCUT_MAX_USD_PER_DAY and FIRSTCUT_MAX_USD_PER_WEEK, which are kept here."));
    }
    let mut wallet = show(app).await?;
    wallet.message =
        format!("{}The service keeps this limit from now on: {}", rehearsal_mark(service(app)), told(&rule));
    Ok(wallet)
}

/// Sets the account's own budget; the only place where the service knows weeks.
pub async fn account_budget(app: &App, wished: AccountBudget) -> Result<Wallet> {
    let set = app.skillboss(checked(app)?).await?.set_account_budget(&wished).await?;
    let holds = |asked: Option<Usd>, told: Option<Usd>| asked.is_none() || asked == told;
    let kept = holds(wished.daily, set.daily)
        && holds(wished.weekly, set.weekly)
        && holds(wished.monthly, set.monthly)
        && set.hard_stop == wished.hard_stop;
    if !kept {
        return Err(Error::new(
            Kind::Protocol,
            "The service answered, but its limits are not those that were asked for.",
        )
        .next("Look with `firstcut wallet`; the budgets in firstcut's settings hold in any case."));
    }
    let limits = [("a day", set.daily), ("a week", set.weekly), ("a month", set.monthly)];
    let told: Vec<_> =
        limits.iter().filter_map(|(span, usd)| usd.map(|usd| format!("{usd} {span}"))).collect();
    let mut wallet = show(app).await?;
    wallet.message =
        format!("{}The account's limits are now {}.", rehearsal_mark(service(app)), told.join(", "));
    Ok(wallet)
}

/// Makes a purse with a key of its own, which is put into a private file: it is told once.
pub async fn sub_wallet(app: &App, wish: SubWalletWish) -> Result<Wallet> {
    let name: String = wish.label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let service = checked(app)?;
    let made = app.skillboss(service).await?.sub_wallet(&wish).await?;
    // Before anything else can go wrong: the key is told once.
    let message = match &made.key {
        Some(key) => {
            let path = app.config().data_dir().join(format!("skillboss-{name}-{}.key", app.now_ms()));
            keyfile::create(&path, key.reveal())?;
            format!("The sub-wallet is made. Its key lies in {}, readable by you alone.", path.display())
        }
        None => "The sub-wallet is made; the service told no key for it.".to_owned(),
    };
    let mut wallet = balance(app).await.unwrap_or_default();
    service.name().clone_into(&mut wallet.service);
    wallet.message = format!("{}{message}", rehearsal_mark(service));
    "Give that key to the worker as SKILLBOSS_API_KEY, so that it cannot spend more."
        .clone_into(&mut wallet.next);
    Ok(wallet)
}

/// Gets the anonymous trial wallet: the key is kept in a private file and used from now on.
///
/// # Errors
/// When there is a key already; when today's trial was given away.
pub async fn trial(app: &App) -> Result<Wallet> {
    let config = app.config();
    let path = key_file(app);
    if service(app) == Service::SkillBoss && config.skillboss.is_set_up() {
        return Err(Error::invalid("There is a SkillBoss key already, so no trial is needed.")
            .next("See what is in its wallet with `firstcut wallet`."));
    }
    if keyfile::read(&path)?.is_some() {
        return Err(Error::invalid(format!(
            "There is a key in {} already. Nothing was asked for.",
            path.display()
        ))
        .next("Move it away to get another one."));
    }
    let trial = app.skillboss(service(app)).await?.trial_wallet().await?;
    keyfile::create(&path, trial.key.reveal())?;
    let amount = trial.amount.map(|usd| format!(" with {usd}")).unwrap_or_default();
    let until = trial.expires_at.map(|at| format!(" until {at}")).unwrap_or_default();
    let service = service(app);
    if service.is_rehearsal() {
        // Rehearsals shall not end with half a dollar, so they go on with the wallet that they have.
        let wallet = balance(app).await?;
        let own = wallet.balance_usd.unwrap_or_default();
        return Ok(Wallet {
            message: format!(
                "{}A trial wallet{amount} was given{until}; its key lies in {}. The real one is used from then on. \
                 This one is not: rehearsals go on with the sandbox's own wallet, in which there is {own}.",
                rehearsal_mark(service),
                path.display(),
            ),
            next: "firstcut wallet trial without the sandbox gets the real one.".to_owned(),
            ..wallet
        });
    }
    Ok(Wallet {
        service: service.name().to_owned(),
        balance_usd: trial.amount,
        message: format!(
            "A trial wallet{amount} is yours{until}. Its key lies in {} and is used from now on.",
            path.display(),
        ),
        next: "firstcut estimate shows what that is enough for.".to_owned(),
        ..Wallet::default()
    })
}

/// Where the trial's key is kept.
fn key_file(app: &App) -> PathBuf {
    match service(app) {
        // What the emulator gives away must never be used for the real thing.
        Service::Sandbox => app.config().sandbox_dir.join("trial.key"),
        _ => app.config().skillboss.key_file.clone(),
    }
}

fn checked(app: &App) -> Result<Service> {
    if is_there(app) { Ok(service(app)) } else { Err(no_wallet()) }
}

fn no_wallet() -> Error {
    Error::new(Kind::Unauthorized, "There is no SkillBoss wallet: no key is set.")
        .next("Set SKILLBOSS_API_KEY, or get a free trial with `firstcut wallet trial`.")
}

fn told(rule: &Rule) -> String {
    let limits = [
        ("a call", rule.max_cost_usd),
        ("a day", rule.daily_limit_usd),
        ("a week", rule.weekly_limit_usd),
        ("a month", rule.monthly_limit_usd),
    ];
    let limits: Vec<_> =
        limits.iter().filter_map(|(span, usd)| usd.map(|usd| format!("{usd} {span}"))).collect();
    format!("{}: {}.", crate::redact::label(&rule.scope), limits.join(", "))
}
