//! The wallet: balance, spending rules, sub-wallets, budgets and the trial (SkillBoss pages on wallets, budgets and trust).
//!
//! The forms of rules are not published; what is sent follows the published sub-wallet, and what comes back is read
//! leniently. Recharging is not here: it spends from a card.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::money::Usd;
use crate::redact::{self, SafeUrl, Secret};
use crate::skillboss::call::{Call, Effect, Failed, Plane};
use crate::skillboss::client::Client;
use crate::skillboss::errors;
use crate::skillboss::wire::{self, Answer};

/// What is in the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Dollars that can be spent.
    pub available: Usd,
    /// Dollars held by running work, if that is said.
    pub held: Option<Usd>,
}

/// A limit that the service itself keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The service's name for it; nothing for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is about, as in `type:video`.
    pub scope: String,
    /// Dollars a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<Usd>,
    /// Dollars a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_limit_usd: Option<Usd>,
    /// Dollars a week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_limit_usd: Option<Usd>,
    /// Dollars a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_limit_usd: Option<Usd>,
}

/// A purse of its own, with a key of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubWalletWish {
    /// What it is called.
    pub label: String,
    /// Dollars altogether.
    pub max_spend: Option<Usd>,
    /// Dollars a day.
    pub daily_limit: Option<Usd>,
    /// Whose models it may pay for; all when empty.
    pub allowed_vendors: Vec<String>,
    /// When its key ends.
    pub expires_at: Option<Timestamp>,
}

/// A new sub-wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubWallet {
    /// The service's name for it.
    pub id: Option<String>,
    /// The key to use, if it was told. It is told once.
    pub key: Option<Secret>,
}

/// The account's own budget. A limit that is not given is not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountBudget {
    /// Dollars a day.
    pub daily: Option<Usd>,
    /// Dollars a week; nothing else at the service knows weeks.
    pub weekly: Option<Usd>,
    /// Dollars a month.
    pub monthly: Option<Usd>,
    /// Whether calls are refused (402) when a limit is reached.
    pub hard_stop: bool,
}

/// A wallet for trying things out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialWallet {
    /// Its key, for `SKILLBOSS_API_KEY`. It is told once.
    pub key: Secret,
    /// Dollars in it, if that was said.
    pub amount: Option<Usd>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Where a person turns it into an account.
    pub claim_url: Option<SafeUrl>,
}

impl Client {
    /// What is in the wallet. Both addresses that are known are tried.
    ///
    /// # Errors
    /// As the error table; [`Kind::NotFound`](crate::error::Kind::NotFound) when the service tells no balance.
    pub async fn balance(&self) -> Result<Balance> {
        let what = "tell the balance";
        let answer = match self.ask(&Call::get(what, Plane::Data, self.data(&["wallet", "balance"])?)).await {
            // The other one stands beside `/v1`.
            Err(failed) if failed.is_missing() => {
                let mut url = self.settings.api_url.clone();
                url.set_path("/api/me/balance");
                self.ask(&Call::get(what, Plane::Data, url)).await?
            }
            other => other?,
        };
        let parts = || {
            ["", "/data", "/wallet", "/balance"].into_iter().filter_map(|place| answer.json().pointer(place))
        };
        // Credits have a changing worth and are no answer.
        let names = ["balance_usd", "available_usd", "available", "usd", "balance"];
        let available =
            parts().find_map(|part| wire::usd(part, &names)).ok_or_else(|| errors::without("a balance"))?;
        let held = parts()
            .find_map(|part| wire::usd(part, &["held_usd", "reserved_usd", "frozen_usd", "pending_usd"]));
        Ok(Balance { available, held })
    }

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

    /// Sets rules, and tells what the service made of them. Compare: what is not in the answer may not be in force.
    ///
    /// # Errors
    /// As the error table.
    pub async fn set_rules(&self, wished: &[Rule]) -> Result<Vec<Rule>> {
        let call = Call::post(
            "set the rules",
            Plane::Control,
            self.control(&["wallet", "rules"])?,
            Some(json!({"rules": wished.iter().map(rule_to_json).collect::<Vec<_>>()})),
            // The same rules once more are the same rules.
            Effect::Repeatable,
        );
        rules(self.ask(&call).await?.json())
    }

    /// Makes a sub-wallet. It is asked for once: a second one would be a second purse.
    ///
    /// # Errors
    /// [`Kind::Uncertain`](crate::error::Kind::Uncertain) when it may exist without our knowing its key; else as the
    /// error table.
    pub async fn sub_wallet(&self, wish: &SubWalletWish) -> Result<SubWallet> {
        let mut limits = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                limits.insert(name.to_owned(), value);
            }
        };
        put("max_spend_usd", wish.max_spend.map(number));
        put("daily_limit_usd", wish.daily_limit.map(number));
        put("allowed_vendors", (!wish.allowed_vendors.is_empty()).then(|| json!(wish.allowed_vendors)));
        put("expires_at", wish.expires_at.map(|at| json!(at.to_string())));
        let body = json!({"label": wish.label, "rules": limits});
        let make = async |plane, url| -> Result<Answer, Failed> {
            self.ask(&Call::post("make a sub-wallet", plane, url, Some(body.clone()), Effect::Once)).await
        };
        let answer = match make(Plane::Data, self.data(&["sub-wallets"])?).await {
            // Another page knows it elsewhere; 404 made none here.
            Err(failed) if failed.is_missing() => {
                make(Plane::Control, self.control(&["wallet", "sub-wallets"])?).await?
            }
            other => other?,
        };
        let parts = || {
            ["", "/data", "/sub_wallet", "/wallet"]
                .into_iter()
                .filter_map(|place| answer.json().pointer(place))
        };
        let id = parts().find_map(|part| wire::text(part, &["id", "wallet_id"])).map(|id| redact::label(&id));
        let key = parts().find_map(|part| secret(part, &["api_key", "key"]));
        if id.is_none() && key.is_none() {
            return Err(errors::without("a sub-wallet"));
        }
        Ok(SubWallet { id, key })
    }

    /// Sets the account's budget, and tells the limits that are now in force.
    ///
    /// # Errors
    /// As the error table.
    pub async fn set_account_budget(&self, budget: &AccountBudget) -> Result<AccountBudget> {
        let mut body = Map::from_iter([("hard_stop".to_owned(), Value::Bool(budget.hard_stop))]);
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
        })
    }

    /// Gets an anonymous trial wallet: one a day and network address, without any key.
    ///
    /// # Errors
    /// [`Kind::RateLimited`](crate::error::Kind::RateLimited) when it was given away today;
    /// [`Kind::Uncertain`](crate::error::Kind::Uncertain) when the answer was lost; else as the error table.
    pub async fn trial_wallet(&self) -> Result<TrialWallet> {
        let url = self.control(&["try", "anonymous-wallet"])?;
        let call = Call::post("give a trial wallet", Plane::Public, url, Some(json!({})), Effect::Once);
        let answer = self.ask(&call).await?;
        let parts = || ["", "/data", "/wallet"].into_iter().filter_map(|place| answer.json().pointer(place));
        let key = parts()
            .find_map(|part| secret(part, &["api_key", "key"]))
            .ok_or_else(|| errors::without("a key"))?;
        let claim_url = parts().find_map(|part| wire::text(part, &["claim_url"]));
        Ok(TrialWallet {
            key,
            amount: parts().find_map(|part| wire::usd(part, &["amount_usd", "balance_usd"])),
            expires_at: parts().find_map(|part| wire::moment(part, &["expires_at"])),
            claim_url: claim_url
                .and_then(|url| url.parse::<url::Url>().ok())
                .filter(|url| self.guard.vet(url).is_ok())
                .map(SafeUrl::new),
        })
    }
}

/// A number as the published examples have it: `5.0`, not `"5.00"`.
fn number(usd: Usd) -> Value {
    usd.to_decimal().parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

/// A key that can stand in a header. From now on it is never shown.
fn secret(body: &Value, names: &[&str]) -> Option<Secret> {
    let key = wire::text(body, names).filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let key = Secret::new(key);
    redact::never_show(&key);
    Some(key)
}

fn rule_to_json(rule: &Rule) -> Value {
    let mut fields = Map::from_iter([("scope".to_owned(), json!(rule.scope))]);
    if let Some(id) = &rule.id {
        fields.insert("id".to_owned(), json!(id));
    }
    for (name, limit) in [
        ("max_cost_usd", rule.max_cost_usd),
        ("daily_limit_usd", rule.daily_limit_usd),
        ("weekly_limit_usd", rule.weekly_limit_usd),
        ("monthly_limit_usd", rule.monthly_limit_usd),
    ] {
        if let Some(limit) = limit {
            fields.insert(name.to_owned(), number(limit));
        }
    }
    Value::Object(fields)
}

/// The rules in an answer: a list, or an object that has one.
fn rules(body: &Value) -> Result<Vec<Rule>> {
    let list =
        ["/rules", "/data/rules", "/data", ""].iter().find_map(|place| body.pointer(place)?.as_array());
    let list = list.ok_or_else(|| errors::without("the rules"))?;
    let read = |item: &Value| {
        let limit = |names: &[&str]| wire::usd(item, names);
        Some(Rule {
            id: wire::text(item, &["id", "rule_id"]).map(|id| redact::label(&id)),
            scope: redact::label(&wire::text(item, &["scope", "type"])?),
            max_cost_usd: limit(&["max_cost_usd", "per_call_limit_usd"]),
            daily_limit_usd: limit(&["daily_limit_usd", "daily_limit"]),
            weekly_limit_usd: limit(&["weekly_limit_usd", "weekly_limit"]),
            monthly_limit_usd: limit(&["monthly_limit_usd", "monthly_limit"]),
        })
    };
    let read: Option<Vec<Rule>> = list.iter().map(read).collect();
    // A rule that nobody understands may be the one that matters.
    read.ok_or_else(|| -> Error { errors::without("rules that can be understood") })
}
