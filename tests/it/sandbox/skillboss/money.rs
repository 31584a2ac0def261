//! Caps, balances, rules, budgets, sub-wallets, trials, estimates and receipts.

use firstcut::sandbox::{Endpoint, Fault, Idempotency, KeyHolder, Pace, Usd};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::super::guest::{answer, http, ok};
use super::customer::{Customer, started, strike};

const DAY_MS: i64 = 24 * 3_600_000;

/// Status and code of a refusal.
async fn refused(request: reqwest::RequestBuilder) -> (StatusCode, String) {
    let (status, body) = answer(request).await;
    (status, body["error"]["code"].as_str().unwrap_or_else(|| panic!("{status} {body}")).to_owned())
}

#[tokio::test]
async fn the_cap_of_a_call() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let capped = |cap: &str| customer.run(json!({})).header("X-Max-Cost-Usd", cap);
    let (status, body) = answer(capped("1.00")).await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(body["error"]["code"], "max_cost_exceeded");
    assert_eq!((&body["error"]["required_usd"], &body["error"]["cap_usd"]), (&json!(3.2), &json!(1.0)));
    assert_eq!(refused(capped("much")).await, (StatusCode::BAD_REQUEST, "invalid_header".into()));
    assert_eq!(capped("3.20").send().await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(sandbox.skillboss.submissions().len(), 1);
}

#[tokio::test]
async fn money_runs_out_before_and_after() {
    let (_folder, sandbox) = started(|options| {
        options.pace = Pace::REAL;
        options.skillboss.balance_usd = Usd::cents(500);
        (options.skillboss.queue_ms, options.skillboss.work_ms) = (1_500, 0);
    })
    .await;
    let customer = Customer::wholesale(&sandbox);
    // Both fit when they come, one when they end.
    let ids = [customer.job(json!({})).await, customer.job(json!({})).await];
    let mut ends = Vec::new();
    for id in ids {
        let done = customer.done(&id).await;
        ends.push((done["status"].as_str().unwrap().to_owned(), done["error"].clone()));
    }
    ends.sort_by_key(|(status, _)| status.clone());
    assert_eq!((ends[0].0.as_str(), ends[1].0.as_str()), ("COMPLETED", "FAILED"));
    assert!(ends[1].1.as_str().unwrap().contains("insufficient balance"));
    assert_eq!(sandbox.skillboss.charges().len(), 1);
    assert_eq!(
        refused(customer.run(json!({}))).await,
        (StatusCode::PAYMENT_REQUIRED, "insufficient_balance".into())
    );
    assert_eq!(sandbox.skillboss.balance(&customer.key), Some(Usd::cents(180)));
}

#[tokio::test]
async fn one_key_one_charge_where_it_is_honoured() {
    for (with, standard_jobs, wholesale_jobs) in
        [(Idempotency::Published, 1, 2), (Idempotency::Honoured, 1, 1), (Idempotency::Ignored, 2, 2)]
    {
        let (_folder, sandbox) = started(|options| options.skillboss.idempotency = with).await;
        for (customer, want) in
            [(Customer::standard(&sandbox), standard_jobs), (Customer::wholesale(&sandbox), wholesale_jobs)]
        {
            let before = sandbox.skillboss.submissions().len();
            let keyed = || customer.run(json!({})).header("Idempotency-Key", "clip.1");
            let (one, other) = tokio::join!(keyed().send(), keyed().send());
            assert_eq!([one.unwrap().status(), other.unwrap().status()], [StatusCode::ACCEPTED; 2]);
            assert_eq!(sandbox.skillboss.submissions().len() - before, want, "{with:?} {}", customer.key);
            if want == 1 {
                let changed =
                    customer.run(json!({ "async": true, "x": 1 })).header("Idempotency-Key", "clip.1");
                assert_eq!(refused(changed).await, (StatusCode::CONFLICT, "idempotency_conflict".into()));
            }
        }
    }
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let keyed = || customer.run(json!({})).header("Idempotency-Key", "clip.1").send();
    keyed().await.unwrap();
    let again = keyed().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    sandbox.clock.advance_ms(DAY_MS + 1);
    keyed().await.unwrap();
    let keys: Vec<_> = sandbox.skillboss.submissions().into_iter().map(|one| one.idempotency_key).collect();
    assert_eq!(keys, [Some("clip.1".to_owned()), Some("clip.1".to_owned())]);
}

#[tokio::test]
async fn rules_of_the_account() {
    let (_folder, sandbox) = started(|_| {}).await;
    let customer = Customer::standard(&sandbox);
    let set = |rules: Value| ok(customer.post("/api/wallet/rules").json(&json!({ "rules": rules })));
    let told = set(json!([{ "scope": "type:video", "daily_limit_usd": 4.0 }])).await;
    assert!(told["rules"][0]["id"].as_str().unwrap().starts_with("rule_"));
    assert_eq!(ok(customer.get("/api/wallet/rules")).await["rules"], told["rules"]);
    customer.done(&customer.job(json!({})).await).await;
    let stopped = (StatusCode::PAYMENT_REQUIRED, "wallet_rule".to_owned());
    assert_eq!(refused(customer.run(json!({}))).await, stopped);
    sandbox.clock.advance_ms(DAY_MS + 1);
    customer.job(json!({})).await;
    set(json!([{ "scope": "model:veo-3.1", "max_cost_usd": 1 }])).await;
    assert_eq!(refused(customer.run(json!({}))).await, stopped);
    customer.job(json!({ "model": "veo-3.1-lite" })).await;
    set(json!([])).await;
    customer.job(json!({})).await;
    let bad = customer.post("/api/wallet/rules").json(&json!({ "rules": [{ "scope": "moon" }] }));
    assert_eq!(answer(bad).await.0, StatusCode::BAD_REQUEST);

    let budget =
        json!({ "daily_limit": 25.0, "weekly_limit": 12.0, "monthly_limit": 500.0, "hard_stop": true });
    let told = ok(customer.post("/v1/agents/budget").json(&budget)).await;
    assert_eq!(told["limits_active"], json!({ "daily": 25.0, "weekly": 12.0, "monthly": 500.0 }));
    assert_eq!(
        refused(customer.run(json!({}))).await,
        (StatusCode::PAYMENT_REQUIRED, "hard_budget_stop".into())
    );
    assert_eq!(ok(customer.get("/v1/agents/budget")).await["hard_stop"], true);
}

#[tokio::test]
async fn sub_wallets_draw_on_the_account() {
    let (_folder, sandbox) = started(|_| {}).await;
    let owner = Customer::wholesale(&sandbox);
    let rules = json!({
        "max_spend_usd": 5.0, "allowed_vendors": ["google"], "expires_at": "2199-12-31T23:59:59Z",
    });
    let made = ok(owner.post("/v1/sub-wallets").json(&json!({ "label": "agent", "rules": rules }))).await;
    let agent = Customer::with(&sandbox, made["api_key"].as_str().unwrap());
    let id = agent.job(json!({})).await;
    agent.done(&id).await;
    assert_eq!(owner.done(&id).await["status"], "COMPLETED");
    assert_eq!(
        refused(agent.run(json!({}))).await,
        (StatusCode::PAYMENT_REQUIRED, "sub_wallet_limit".into())
    );
    let other_vendor = json!({ "model": "mm/t2v", "inputs": { "prompt": "x" } });
    assert_eq!(refused(agent.run(other_vendor)).await, (StatusCode::FORBIDDEN, "vendor_not_allowed".into()));
    let list = ok(owner.get("/v1/sub-wallets")).await;
    assert_eq!(
        (&list["sub_wallets"][0]["label"], &list["sub_wallets"][0]["spent_usd"]),
        (&json!("agent"), &json!(3.2))
    );
    assert_eq!(ok(owner.get("/api/me/balance")).await["balance"], 96.8);
    let short = json!({ "rules": { "expires_at": "2000-01-01T00:00:00Z" } });
    let late = ok(owner.post("/v1/sub-wallets").json(&short)).await;
    let late = Customer::with(&sandbox, late["api_key"].as_str().unwrap());
    assert_eq!(refused(late.run(json!({}))).await, (StatusCode::UNAUTHORIZED, "invalid_api_key".into()));
}

#[tokio::test]
async fn a_trial_a_day() {
    let (_folder, sandbox) = started(|_| {}).await;
    let ask = || http().post(format!("{}/api/try/anonymous-wallet", sandbox.url)).json(&json!({}));
    let got = ok(ask()).await;
    assert_eq!((&got["ok"], &got["amount_usd"]), (&json!(true), &json!(0.5)));
    let key = got["api_key"].as_str().unwrap();
    assert!(key.starts_with("sk_skillboss_"));
    let guest = Customer::with(&sandbox, key);
    assert_eq!(refused(guest.run(json!({}))).await.1, "insufficient_balance");
    guest.done(&guest.job(json!({ "model": "veo-3.1-lite" })).await).await;
    let (status, body) = answer(ask()).await;
    assert_eq!((status, &body["error"]), (StatusCode::TOO_MANY_REQUESTS, &json!("trial_already_claimed")));
    assert!(body["retry_after_seconds"].as_i64().unwrap() > 80_000);
    sandbox.clock.advance_ms(DAY_MS + 1000);
    ok(ask()).await;
}

#[tokio::test]
async fn estimates_charges_and_receipts_agree() {
    let (_folder, sandbox) = started(|options| {
        let known = KeyHolder {
            key: "sk-whole-ours".into(),
            balance_usd: Some(Usd::cents(900)),
            form: None,
            rate: 0.5,
        };
        options.skillboss.accounts.push(known);
        options.skillboss.prices_usd.insert("veo-3.1".into(), Usd::cents(2));
    })
    .await;
    let customer = Customer::with(&sandbox, "sk-whole-ours");
    let call =
        json!({ "model": "veo-3.1", "inputs": { "prompt": "x", "duration_seconds": 8 }, "count": 100 });
    let told = ok(customer.post("/api/estimate").json(&call)).await;
    assert_eq!(told["estimated_cost_usd"], 8.0);
    assert_eq!((&told["units"], &told["unit_price_usd"]), (&json!(800), &json!(0.01)));
    let id = customer.job(json!({})).await;
    let done = customer.done(&id).await;
    assert_eq!(done["cost_usd"], 0.08);
    let verify = |receipt: &str| {
        ok(http().post(format!("{}/api/receipts/verify", sandbox.url)).json(&json!({ "receipt": receipt })))
    };
    let receipt = done["receipt"].as_str().unwrap();
    let claims = verify(receipt).await;
    assert_eq!(claims["valid"], true);
    assert_eq!(
        (&claims["rid"], &claims["units"], &claims["cost_usd"]),
        (&json!(id), &json!(8), &json!(0.08))
    );
    assert_eq!(verify(&receipt.replace('.', "")).await["error"], "malformed_jwt");
    let (claims, _) = receipt.rsplit_once('.').unwrap();
    assert_eq!(
        verify(&format!("{claims}.AAAA")).await,
        json!({ "valid": false, "error": "invalid_signature", "x_sandbox": true })
    );
    let missing = answer(http().post(format!("{}/api/receipts/verify", sandbox.url)).json(&json!({}))).await;
    assert_eq!((missing.0, &missing.1["error"]), (StatusCode::BAD_REQUEST, &json!("receipt_required")));

    strike(&sandbox, Endpoint::Estimate, Fault::WrongPrice { factor: 0.5 });
    assert_eq!(ok(customer.post("/api/estimate").json(&call)).await["estimated_cost_usd"], 4.0);
    strike(&sandbox, Endpoint::Run, Fault::WrongPrice { factor: 2.0 });
    assert_eq!(customer.done(&customer.job(json!({})).await).await["cost_usd"], 0.16);
    let usage = ok(customer.get("/api/me/usage?period=week&type=video")).await;
    assert_eq!(usage["summary"], json!({ "total_requests": 2, "total_usd": 0.24 }));
    assert_eq!(ok(customer.get("/api/me/balance")).await["balance"], 8.76);
    let sum: Usd = sandbox.skillboss.charges().iter().map(|bill| bill.amount_usd).sum();
    assert_eq!(sum, Usd::cents(24));
}
