//! Who is calling: keys, the wallets behind them, and the accounts behind those.

use std::io;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use uuid::Uuid;

use super::answer::Refusal;
use super::options::{Form, Protocol, STANDARD_KEY, WHOLESALE_KEY};
use super::rows::{Limits, Wallet};
use super::{SkillBoss, Usd};
use crate::sandbox::faults::{ErrorShape, Fault};
use crate::sandbox::gate::{Troubles, bearer};

/// A request with a good key.
pub(super) struct Caller {
    pub(super) wallet: Wallet,
    /// The form of the answers.
    pub(super) form: Form,
    pub(super) troubles: Troubles,
}

impl FromRequestParts<Arc<SkillBoss>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, boss: &Arc<SkillBoss>) -> Result<Self, Refusal> {
        let troubles = parts.extensions.get::<Troubles>().cloned().unwrap_or_default();
        let key = bearer(&parts.headers).unwrap_or_default();
        if key.is_empty() {
            let refusal = refused("missing_authorization", "No API key. Send Authorization: Bearer <key>");
            return Err(if boss.options.quote_without_key {
                Refusal::funds("payment_required", "Payment required").shaped(ErrorShape::Quote)
            } else {
                refusal
            });
        }
        let now = boss.clock.now_ms();
        let known = boss.wallet_of(key)?;
        if let Some(wallet) = &known
            && troubles.has(&Fault::ExpireToken)
        {
            boss.wallets.change(&wallet.id, |wallet| wallet.expires_at_ms = Some(now - 1))?;
        }
        let good = |wallet: &Wallet| {
            !troubles.has(&Fault::ExpireToken) && wallet.expires_at_ms.is_none_or(|at| at > now)
        };
        let Some(wallet) = known.filter(good) else {
            let text = "The API key is not valid here. This is a sandbox: it knows sandbox keys only";
            return Err(refused("invalid_api_key", text));
        };
        let form = match boss.options.protocol {
            Protocol::Standard => Form::Standard,
            Protocol::ByKey => wallet.form,
            Protocol::Wholesale if wallet.form == Form::Wholesale => Form::Wholesale,
            Protocol::Wholesale => {
                return Err(refused("invalid_api_key", "Wholesale key required; this is a standard key"));
            }
        };
        Ok(Self { wallet, form, troubles })
    }
}

pub(super) fn refused(code: &str, message: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "authentication_error", code, message)
}

impl SkillBoss {
    /// The ready-made accounts and those of the options; known ones stay as they are.
    pub(super) fn add_accounts(&self) -> io::Result<()> {
        for key in [STANDARD_KEY, WHOLESALE_KEY] {
            self.open_account(key, self.options.balance_usd, form_of(key), 1.0)?;
        }
        for holder in &self.options.accounts {
            let balance = holder.balance_usd.unwrap_or(self.options.balance_usd);
            let form = holder.form.unwrap_or_else(|| form_of(&holder.key));
            self.open_account(&holder.key, balance, form, holder.rate)?;
        }
        Ok(())
    }

    /// The wallet of a key; ready-made keys with an ending get an account when they first come.
    fn wallet_of(&self, key: &str) -> io::Result<Option<Wallet>> {
        if let Some(known) = self.wallets.find(|wallet| wallet.key == key) {
            return Ok(Some(known));
        }
        let ours = key.starts_with("sk-sandbox-") || key.starts_with("sk-whole-sandbox-");
        if !ours || key.len() > 128 {
            return Ok(None);
        }
        self.open_account(key, self.options.balance_usd, form_of(key), 1.0)?;
        Ok(self.wallets.find(|wallet| wallet.key == key))
    }

    fn open_account(&self, key: &str, balance: Usd, form: Form, rate: f64) -> io::Result<()> {
        let _money = self.money();
        if self.wallets.find(|wallet| wallet.key == key).is_some() {
            return Ok(());
        }
        let wallet = Wallet { form, rate, ..self.fresh_wallet(key, balance) };
        self.wallets.put(&wallet.id.clone(), wallet)
    }

    /// A wallet that is an account.
    pub(super) fn fresh_wallet(&self, key: &str, grant: Usd) -> Wallet {
        let id = format!("acc_{}", &Uuid::new_v4().simple().to_string()[..16]);
        Wallet {
            account: id.clone(),
            id,
            key: key.to_owned(),
            form: form_of(key),
            grant,
            rate: 1.0,
            label: None,
            born_at_ms: self.clock.now_ms(),
            expires_at_ms: None,
            limits: Limits::default(),
            rules: Vec::new(),
            budget: None,
            claimed_from: None,
        }
    }
}

fn form_of(key: &str) -> Form {
    if key.starts_with("sk-whole-") { Form::Wholesale } else { Form::Standard }
}
