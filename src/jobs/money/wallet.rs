//! The SkillBoss wallet: what is in it, what limits hold, here and there, and how to get one.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::config::ServiceChoice;
use crate::error::{Error, Kind, Result};
use crate::jobs::keyfile;
use crate::jobs::money::books::{self, Stretch};
use crate::jobs::money::{limits, readings};
use crate::jobs::rehearsal;
use crate::model::job::Service;
use crate::money::Usd;
use crate::redact;
use crate::skillboss::wallet::{Purse, SubWalletWish};

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
    /// What the account may spend, as the service keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_budget: Option<String>,
    /// Purses with keys of their own that draw on the account, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_wallets: Vec<String>,
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
    let client = app.skillboss(service).await?;
    // Not every key may ask for these three; what there is else is worth showing.
    match client.rules().await {
        Ok(rules) => wallet.rules = rules.unwrap_or_default().iter().map(limits::told).collect(),
        Err(error) => wallet.message.push_str(&format!(" The limits were not told: {error}")),
    }
    match client.account_budget().await {
        Ok(budget) => wallet.account_budget = budget.as_ref().and_then(limits::budget),
        Err(error) => wallet.message.push_str(&format!(" The account's budget was not told: {error}")),
    }
    match client.sub_wallets().await {
        Ok(purses) => wallet.sub_wallets = purses.unwrap_or_default().iter().map(purse).collect(),
        Err(error) => wallet.message.push_str(&format!(" The sub-wallets were not told: {error}")),
    }
    let since_ms = app.now_ms() - WEEK_MS;
    let beside = books::balance::compare(app.ledger().await?, since_ms).await?;
    wallet.beside_the_books = beside.into_iter().rfind(|stretch| stretch.whole.service == service.name());
    Ok(wallet)
}

/// The same without the limits that the service keeps.
pub async fn balance(app: &App) -> Result<Wallet> {
    let service = checked(app)?;
    let balance = readings::take(app, service).await?.available;
    let name = if service.is_rehearsal() { "the sandbox's own wallet" } else { "the SkillBoss wallet" };
    let wallet = by_our_books(app).await?;
    let message = format!("{}{balance} in {name}; {}", rehearsal::mark(service), wallet.message);
    Ok(Wallet { balance_usd: Some(balance), message, ..wallet })
}

/// What our own books say of it, without a question to the service.
async fn by_our_books(app: &App) -> Result<Wallet> {
    let service = service(app);
    let spent = app.ledger().await?.spent(service, app.now_ms()).await?;
    let budget = &app.config().budget;
    let mut message = format!("{} spent or set aside today, {} this week (UTC).", spent.day, spent.week);
    for (span, cap, used) in [("day", budget.per_day, spent.day), ("week", budget.per_week, spent.week)] {
        if let Some(cap) = cap {
            let left = cap.checked_sub(used).filter(|left| *left > Usd::ZERO).unwrap_or_default();
            message.push_str(&format!(" {left} of the {span}'s budget of {cap} is left."));
        }
    }
    Ok(Wallet {
        service: service.name().to_owned(),
        balance_usd: None,
        spent_today_usd: spent.day,
        spent_this_week_usd: spent.week,
        reserved_usd: spent.reserved,
        max_per_day_usd: budget.per_day,
        max_per_week_usd: budget.per_week,
        beside_the_books: None,
        rules: Vec::new(),
        account_budget: None,
        sub_wallets: Vec::new(),
        message,
        next: "Use estimate_cost before making something with a SkillBoss model.".to_owned(),
    })
}

/// The wallet after something was changed at the service: `done` says what, and is told whatever else cannot be. With
/// limits, those that the service keeps are shown too.
pub(super) async fn after(app: &App, done: &str, with_limits: bool) -> Wallet {
    let service = service(app);
    let shown = match with_limits {
        true => show(app).await,
        false => balance(app).await,
    };
    let (wallet, untold) = match shown {
        Ok(wallet) => (wallet, String::new()),
        Err(error) => {
            let wallet = by_our_books(app).await.unwrap_or_default();
            let next = "See what is in it with `firstcut wallet`.".to_owned();
            (Wallet { next, ..wallet }, format!(" The wallet was not told: {error}"))
        }
    };
    Wallet {
        service: service.name().to_owned(),
        message: format!("{}{done}{untold}", rehearsal::mark(service)),
        ..wallet
    }
}

/// Makes a purse with a key of its own, which is put into a private file: it is told once.
///
/// # Errors
/// `Storage` before anything is asked for, when no key can be kept; and afterwards, saying that the key is lost.
pub async fn sub_wallet(app: &App, wish: SubWalletWish) -> Result<Wallet> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = wish.label.chars().take(40).map(plain).collect();
    let service = checked(app)?;
    let client = app.skillboss(service).await?;
    let path = app.config().data_dir().join(format!("skillboss-{name}-{}.key", app.now_ms()));
    keyfile::try_folder(&path)?;
    let made = client.sub_wallet(&wish).await?;
    let id = made.id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
    // Before anything else can go wrong: the key is told once.
    let message = match &made.key {
        Some(key) => {
            let path = keyfile::keep(&path, key.reveal())
                .map_err(|error| lost(error, &format!("The sub-wallet{id}")))?;
            format!("The sub-wallet{id} is made. Its key lies in {}, readable by you alone.", path.display())
        }
        None => format!("The sub-wallet{id} is made; the service told no key for it."),
    };
    let mut wallet = after(app, &message, false).await;
    let variable = if client.is_wholesale() { "SKILLBOSS_WHOLESALE_KEY" } else { "SKILLBOSS_API_KEY" };
    wallet.next = match service {
        Service::Sandbox => "It is a key of the sandbox: good for trying out how a worker meets its limits at `firstcut sandbox`.".to_owned(),
        _ => format!("Give that key to the worker as {variable} (and no other SkillBoss key), so that it cannot spend more."),
    };
    Ok(wallet)
}

/// A key that could not be kept after all.
fn lost(error: Error, what: &str) -> Error {
    Error::new(
        Kind::Storage,
        format!(
            "{what} was made, but its key could not be kept, and it is told only once: the key is lost. {}",
            error.message()
        ),
    )
    .next("Make room on the disk, take the other one back at the service's dashboard, and ask for a new one.")
    .because(error)
}

fn purse(purse: &Purse) -> String {
    let label = purse.label.as_deref().or(purse.id.as_deref()).unwrap_or("without a name");
    let id = purse.id.as_deref().filter(|id| *id != label).map(|id| format!(" ({id})")).unwrap_or_default();
    let limits = limits::spans([
        ("in all", purse.max_spend),
        ("a day", purse.daily),
        ("a week", purse.weekly),
        ("a month", purse.monthly),
    ]);
    let limits = if limits.is_empty() { "no limit of its own" } else { &limits };
    let spent = purse.spent.map(|spent| format!("; {spent} spent")).unwrap_or_default();
    format!("{}{id}: {limits}{spent}.", redact::label(label))
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
    keyfile::try_folder(&path)?;
    let trial = app.skillboss(service(app)).await?.trial_wallet().await?;
    let kept = keyfile::keep(&path, trial.key.reveal()).map_err(|error| lost(error, "The trial wallet"))?;
    if kept != path {
        // Of two that asked at once.
        return Ok(Wallet {
            service: service(app).name().to_owned(),
            message: format!(
                "{}A trial wallet was given, but meanwhile another key came into {}, which is used. This one's key lies in {}.",
                rehearsal::mark(service(app)),
                path.display(),
                kept.display()
            ),
            next: "See what is in the wallet in use with `firstcut wallet`.".to_owned(),
            ..Wallet::default()
        });
    }
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
                rehearsal::mark(service),
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

pub(super) fn checked(app: &App) -> Result<Service> {
    if is_there(app) { Ok(service(app)) } else { Err(no_wallet()) }
}

fn no_wallet() -> Error {
    Error::new(Kind::Unauthorized, "There is no SkillBoss wallet: no key is set.")
        .next("Set SKILLBOSS_API_KEY, or get a free trial with `firstcut wallet trial`.")
}
