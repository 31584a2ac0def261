//! The wallet: balance, sub-wallets and the trial (SkillBoss pages on wallets and trust). Its limits are in `rules`.
//!
//! Recharging is not here: it spends from a card.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::error::Result;
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

/// A purse of its own, with a key of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubWalletWish {
    /// What it is called.
    pub label: String,
    /// Dollars altogether.
    pub max_spend: Option<Usd>,
    /// Dollars a day.
    pub daily_limit: Option<Usd>,
    /// Dollars a week.
    pub weekly_limit: Option<Usd>,
    /// Dollars a month.
    pub monthly_limit: Option<Usd>,
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

/// A sub-wallet that there is. Its key is told only when it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// The service's name for it.
    pub id: Option<String>,
    /// What it was called.
    pub label: Option<String>,
    /// Dollars altogether.
    pub max_spend: Option<Usd>,
    /// Dollars a day.
    pub daily: Option<Usd>,
    /// Dollars a week.
    pub weekly: Option<Usd>,
    /// Dollars a month.
    pub monthly: Option<Usd>,
    /// Dollars that it has spent, if that is told.
    pub spent: Option<Usd>,
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

    /// The sub-wallets of the account. Nothing when the service does not list them.
    ///
    /// # Errors
    /// As the error table.
    pub async fn sub_wallets(&self) -> Result<Option<Vec<Purse>>> {
        let what = "list the sub-wallets";
        let asked = match self.ask(&Call::get(what, Plane::Data, self.data(&["sub-wallets"])?)).await {
            Err(failed) if failed.is_missing() => {
                let url = self.control(&["wallet", "sub-wallets"])?;
                self.ask(&Call::get(what, Plane::Control, url)).await
            }
            other => other,
        };
        match asked {
            Ok(answer) => purses(answer.json()).map(Some),
            Err(failed) if failed.is_missing() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
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
        put("weekly_limit_usd", wish.weekly_limit.map(number));
        put("monthly_limit_usd", wish.monthly_limit.map(number));
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
pub(super) fn number(usd: Usd) -> Value {
    usd.to_decimal().parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

/// A key that can stand in a header. From now on it is never shown.
fn secret(body: &Value, names: &[&str]) -> Option<Secret> {
    let key = wire::text(body, names).filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let key = Secret::new(key);
    redact::never_show(&key);
    Some(key)
}

/// The sub-wallets in an answer: a list, or an object that has one. Keys in it are left alone.
fn purses(body: &Value) -> Result<Vec<Purse>> {
    let list = ["/sub_wallets", "/wallets", "/data/sub_wallets", "/data", ""]
        .iter()
        .find_map(|place| body.pointer(place)?.as_array())
        .ok_or_else(|| errors::without("the sub-wallets"))?;
    let read = |item: &Value| {
        let parts = || ["/rules", "/limits", ""].into_iter().filter_map(|place| item.pointer(place));
        let limit = |names: &[&str]| parts().find_map(|part| wire::usd(part, names));
        let named = |names: &[&str]| wire::text(item, names).map(|text| redact::label(&text));
        Purse {
            id: named(&["id", "wallet_id"]),
            label: named(&["label", "name"]),
            max_spend: limit(&["max_spend_usd"]),
            daily: limit(&["daily_limit_usd", "daily_limit"]),
            weekly: limit(&["weekly_limit_usd", "weekly_limit"]),
            monthly: limit(&["monthly_limit_usd", "monthly_limit"]),
            spent: wire::usd(item, &["spent_usd", "total_spent_usd", "spent"]),
        }
    };
    Ok(list.iter().map(read).collect())
}
