//! Budgets: however many ask at once, no cap is passed by a cent, and what is not spent comes back.

use firstcut::error::Kind;
use firstcut::model::job::{Service, State};
use firstcut::money::Usd;
use firstcut::sandbox::{Endpoint, Fault, Rule};

use super::till::{MODEL, PRICE_MICROS, all, booked, make, order, rest, wish};
use crate::home::Home;

/// Room for ten clips and for not quite an eleventh.
const CAP: &str = "1.31";
const FITS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_calls_at_once_never_pass_a_cap_by_a_cent() {
    for (cap, batch) in [
        ("FIRSTCUT_MAX_USD_PER_DAY", None),
        ("FIRSTCUT_MAX_USD_PER_WEEK", None),
        ("FIRSTCUT_MAX_USD_PER_BATCH", Some("spring")),
    ] {
        let mut home = Home::paying(|_| {}).await;
        home.set(cap, CAP);
        // Each app has its own connection to the ledger, as a process has; and some are processes.
        let apps: Vec<_> = (0..4).map(|_| home.app()).collect();
        let before_ms = apps[0].now_ms();
        apps[0].ledger().await.unwrap();
        let calls = (0..58).map(|number| {
            let input = firstcut::jobs::plan::GenerateInput {
                batch: batch.map(str::to_owned),
                ..wish(&format!("a lake, number {number}"))
            };
            let (home, app) = (&home, &apps[number % 4]);
            async move { order(home, app, input).await }
        });
        let commands = (58..64).map(|number| {
            let prompt = format!("a lake, number {number}");
            let home = &home;
            async move {
                let mut words = make(&prompt);
                words.extend(["--wait", "0"]);
                words.extend(batch.iter().flat_map(|batch| ["--batch", batch]));
                home.run(&words).await
            }
        });
        let (calls, commands) =
            tokio::join!(futures_util::future::join_all(calls), futures_util::future::join_all(commands));
        let mut taken = 0;
        for call in calls {
            match call {
                Ok(_) => taken += 1,
                Err(error) => assert_eq!(error.kind(), Kind::OverBudget, "{error:?}"),
            }
        }
        for command in commands {
            if command.json()["job_id"].is_string() {
                taken += 1;
            } else {
                assert_eq!(command.error()["code"], "over_budget", "{command:?}");
            }
        }
        assert_eq!(taken, FITS, "{cap}");
        let ledger = apps[0].ledger().await.unwrap();
        assert_eq!(all(ledger).await.len(), FITS, "a refusal leaves nothing behind");
        rest(&apps[0]).await;
        assert_eq!(home.sandbox.skillboss.submissions().len(), FITS);
        // The day is the one in which they were ordered, also at midnight.
        let spent = ledger.spent(Service::SkillBoss, before_ms).await.unwrap();
        assert_eq!((spent.day, spent.reserved), (Usd::from_micros(FITS as i64 * PRICE_MICROS), Usd::ZERO));
        let all_charged: i64 =
            home.sandbox.skillboss.charges().iter().map(|bill| bill.amount_usd.micros).sum();
        assert_eq!(all_charged, spent.day.micros(), "both books agree");
    }
}

/// What one call may cost: by the setting, by its own word, by the lower of both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_beyond_its_cap_is_refused_before_anything_is_sent() {
    for (setting, argument, kind) in [
        (Some("0.11"), None, Some(Kind::OverBudget)),
        (Some("0.12"), None, None),
        (None, Some(0.11), Some(Kind::OverBudget)),
        (None, Some(0.12), None),
        (Some("0.50"), Some(0.11), Some(Kind::OverBudget)),
        (Some("0.11"), Some(0.50), Some(Kind::OverBudget)),
        (Some("0.50"), Some(0.12), None),
        (None, Some(0.0), Some(Kind::OverBudget)),
        (None, Some(-1.0), Some(Kind::InvalidInput)),
        (None, Some(f64::NAN), Some(Kind::InvalidInput)),
        (None, Some(f64::INFINITY), Some(Kind::InvalidInput)),
    ] {
        let mut home = Home::paying(|_| {}).await;
        if let Some(cap) = setting {
            home.set("FIRSTCUT_MAX_USD_PER_CALL", cap);
        }
        let app = home.app();
        let input = firstcut::jobs::plan::GenerateInput { max_cost_usd: argument, ..wish("a lake") };
        let ordered = order(&home, &app, input).await;
        assert_eq!(
            ordered.as_ref().err().map(firstcut::error::Error::kind),
            kind,
            "{setting:?} {argument:?}"
        );
        rest(&app).await;
        let sent = home.requests("run");
        assert_eq!(sent.len(), usize::from(kind.is_none()), "{setting:?} {argument:?}");
        // The service is held to the price, not to what was allowed.
        assert!(sent.iter().all(|one| one.headers["x-max-cost-usd"] == "0.12"), "{sent:?}");
        let jobs = all(app.ledger().await.unwrap()).await.len();
        assert_eq!(jobs, sent.len(), "a refusal leaves nothing behind");
    }
}

/// A model whose price nobody knows: only where that is allowed, and within what was allowed for the whole, shared out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_price_needs_leave_and_a_cap_that_is_shared_out() {
    let mut home = Home::paying(|_| {}).await;
    let missing = Fault::Status { status: 404, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(crate::home::always(Endpoint::Estimate, missing));
    let catalog = home.write("own.toml", b"[models.\"veo-3.1-lite\"]\nprices = []\n");
    home.set("FIRSTCUT_CATALOG", catalog.display().to_string());
    let film = |cap: Option<f64>| firstcut::jobs::plan::GenerateInput {
        duration_seconds: Some(30.0),
        max_cost_usd: cap,
        ..wish("a lake")
    };
    let refused = order(&home, &home.app(), film(Some(1.0))).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::PriceUnknown, "{refused:?}");
    assert!(refused.next_step().unwrap().contains("FIRSTCUT_ALLOW_UNKNOWN_PRICE"), "{refused:?}");
    home.set("FIRSTCUT_ALLOW_UNKNOWN_PRICE", "1");
    let app = home.app();
    for (cap, kind) in [(None, Kind::PriceUnknown), (Some(0.03), Kind::InvalidInput)] {
        let refused = order(&home, &app, film(cap)).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{refused:?}");
    }
    assert!(home.requests("run").is_empty());
    order(&home, &app, film(Some(1.0))).await.unwrap();
    rest(&app).await;
    let caps: Vec<_> = home.requests("run").iter().map(|one| one.headers["x-max-cost-usd"].clone()).collect();
    assert_eq!(caps, ["0.25"; 4], "four calls share a dollar");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_spent_comes_back() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_MAX_USD_PER_DAY", "0.12");
    let app = home.app();
    let over =
        async |prompt: &str| order(&home, &app, wish(prompt)).await.unwrap_err().kind() == Kind::OverBudget;

    // Stopped before it was sent.
    let first = order(&home, &app, wish("first")).await.unwrap();
    assert!(over("second").await);
    firstcut::jobs::cancel::cancel(&app, &first.id).await.unwrap();
    rest(&app).await;
    assert!(home.requests("run").is_empty());
    // Refused, and failed: neither is charged.
    for (prompt, endpoint, fault) in [
        (
            "refused",
            Endpoint::Run,
            Fault::Status { status: 400, code: None, message: None, retry_after_s: None },
        ),
        ("failed", Endpoint::Run, Fault::JobFails { message: None }),
    ] {
        home.sandbox.faults.add(Rule::once(endpoint, fault));
        let job = order(&home, &app, wish(prompt)).await.unwrap();
        assert!(over("second").await, "{prompt}");
        rest(&app).await;
        let ledger = app.ledger().await.unwrap();
        let job = ledger.job(&job.id).await.unwrap();
        assert_eq!(job.state, State::Failed, "{job:?}");
        assert_eq!(booked(ledger, &job.id).await.charge, Some(firstcut::ledger::Charge::Freed), "{prompt}");
    }
    // What is doubtful keeps its place.
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::LostAnswer { how: Default::default() }));
    let lost = order(&home, &app, wish("lost")).await.unwrap();
    rest(&app).await;
    assert_eq!(app.ledger().await.unwrap().job(&lost.id).await.unwrap().state, State::Uncertain);
    assert!(over("second").await);
    firstcut::jobs::cancel::drop_uncertain(&app, &lost.id).await.unwrap();
    assert!(over("second").await, "given up is not unspent");
    home.until("the lost one is charged indeed", |home| home.bills().len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_is_agreed_to_once() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_APPROVE_ABOVE_USD", "0.10");
    home.set("FIRSTCUT_MAX_USD_PER_DAY", "0.12");
    let app = home.app();
    let job = order(&home, &app, wish("a lake")).await.unwrap();
    assert_eq!(job.state, State::NeedsApproval);
    let ledger = app.ledger().await.unwrap();
    assert!(ledger.charge(&job.id).await.unwrap().is_none(), "nothing is set aside for a question");
    rest(&app).await;
    assert!(home.requests("run").is_empty());

    let with = |token: &str| firstcut::jobs::plan::GenerateInput {
        quote_token: Some(token.to_owned()),
        ..wish("a lake")
    };
    assert_eq!(order(&home, &app, with("quote_0")).await.unwrap_err().kind(), Kind::InvalidInput);
    let shown = home.run(&["jobs", "show", job.id.as_str(), "--json"]).await.json();
    let token = shown["approval"]["quote_token"].as_str().unwrap_or_else(|| panic!("{shown:#}")).to_owned();
    // The same call once more with the token, or the job's name in place of the words.
    let by_name = |token: &str| firstcut::jobs::plan::GenerateInput {
        quote_token: Some(token.to_owned()),
        prompt: job.id.to_string(),
        ..Default::default()
    };
    assert_eq!(order(&home, &app, by_name("quote_0")).await.unwrap_err().kind(), Kind::InvalidInput);
    let said = (0..8).map(|n| if n % 2 == 0 { with(&token) } else { by_name(&token) });
    let calls = futures_util::future::join_all(said.map(|input| order(&home, &app, input))).await;
    for call in calls {
        assert_eq!(call.unwrap().id, job.id);
    }
    rest(&app).await;
    assert_eq!(order(&home, &app, with(&token)).await.unwrap().id, job.id);
    rest(&app).await;
    assert_eq!((home.requests("run").len(), home.bills().len()), (1, 1));
    // For other words it is worth nothing, nor is it for the same words asked anew.
    let other = firstcut::jobs::plan::GenerateInput { quote_token: Some(token.clone()), ..wish("a hill") };
    assert_eq!(order(&home, &app, other).await.unwrap_err().kind(), Kind::InvalidInput);
    let anew = firstcut::jobs::plan::GenerateInput { new: true, ..with(&token) };
    assert_eq!(order(&home, &app, anew).await.unwrap_err().kind(), Kind::InvalidInput);

    // The day is spent: agreeing to another one does not help.
    let second = order(&home, &app, wish("a second lake")).await.unwrap();
    let refused = firstcut::jobs::money::approve::approve(&app, &second.id, None).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::OverBudget, "{refused:?}");
    // And one that nobody agrees to can be put away.
    assert_eq!(firstcut::jobs::cancel::cancel(&app, &second.id).await.unwrap().state, State::Cancelled);
    assert_eq!(home.requests("run").len(), 1, "{MODEL} was ordered once");
}
