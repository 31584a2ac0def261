//! The books beside the wallet: they agree when everybody is honest, however much runs side by side, and what the
//! wallet lost besides is told to the cent, with what to do.

use firstcut::jobs::engine::{self, Reach};
use firstcut::jobs::money::wallet;
use firstcut::sandbox::{Endpoint, Fault, Rule, Usd, WHOLESALE_KEY};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::till::{make, order, rest, wish};
use crate::home::{Home, always};
use crate::patience::until;

/// The one stretch of readings, from the report.
async fn report(home: &Home) -> Value {
    home.run(&["jobs", "report", "--json"]).await.ok()
}

fn only_stretch(report: &Value) -> &Value {
    let stretches = report["wallet"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!(stretches.len(), 1, "{report:#}");
    &stretches[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn estimate_receipt_and_wallet_stand_side_by_side() {
    let home = Home::paying(|_| {}).await;
    for prompt in ["a lake", "a hill"] {
        home.run(&make(prompt)).await.ok();
    }
    let told = report(&home).await;
    let stretch = only_stretch(&told);
    assert_eq!(
        (&stretch["lost_usd"], &stretch["booked_usd"], &stretch["perhaps_usd"], &stretch["unexplained_usd"]),
        (&"0.24".into(), &"0.24".into(), &"0.00".into(), &"0.00".into()),
        "{stretch:#}"
    );
    assert_eq!(stretch["balance_before_usd"], "1000.00");
    assert!(stretch["message"].as_str().unwrap().ends_with("The two agree."), "{stretch:#}");
    for entry in told["entries"].as_array().unwrap() {
        let side_by_side = ["estimated_usd", "charged_usd", "wallet_lost_usd"].map(|name| &entry[name]);
        assert_eq!(side_by_side, [&Value::from("0.12"); 3], "{entry:#}");
        assert!(entry["receipt"].is_string() && entry["record_id"].as_str().unwrap().starts_with("rec_"));
    }
    let shown = home.run(&["wallet", "--json"]).await.ok();
    assert_eq!(shown["beside_the_books"]["unexplained_usd"], "0.00", "{shown:#}");
    let text = home.run(&["jobs", "report"]).await.stdout;
    assert!(text.contains("expected $0.12, wallet lost $0.12") && text.contains("The two agree."), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_wallet_lost_besides_is_told_to_the_cent() {
    let home = Home::paying(|_| {}).await;
    home.run(&make("a lake")).await.ok();
    home.sandbox.faults.add(Rule::once(Endpoint::Run, Fault::Overcharge { factor: 2.0 }));
    home.run(&make("a dear hill")).await.ok();
    home.run(&make("a wood")).await.ok();

    let told = report(&home).await;
    let stretch = only_stretch(&told);
    assert_eq!(
        (&stretch["lost_usd"], &stretch["booked_usd"], &stretch["unexplained_usd"]),
        (&"0.48".into(), &"0.36".into(), &"0.12".into()),
        "{stretch:#}"
    );
    let unexplained = stretch["unexplained"].as_array().unwrap();
    assert_eq!(unexplained.len(), 1, "only where it happened: {stretch:#}");
    assert_eq!(unexplained[0]["unexplained_usd"], "0.12");
    let message = told["message"].as_str().unwrap();
    for part in ["⚠️ $0.12 more is gone", "--verify", "support"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let dear: Vec<_> =
        told["entries"].as_array().unwrap().iter().filter(|it| it["wallet_lost_usd"] == "0.24").collect();
    assert_eq!(
        (dear.len(), &dear[0]["charged_usd"], &dear[0]["source"]),
        (1, &"0.12".into(), &"receipt".into())
    );
    // The receipt itself is genuine: only the wallet gives it away.
    let verified = home.run(&["jobs", "report", "--verify", "--json"]).await.ok();
    assert!(verified["message"].as_str().unwrap().contains("All 3 receipts are genuine"), "{verified:#}");

    let csv = home.run(&["jobs", "report", "--csv"]).await;
    let mut table = csv::Reader::from_reader(csv.stdout.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        table.deserialize().collect::<Result<_, _>>().unwrap();
    let lost: Vec<_> = rows.iter().map(|row| row["wallet_lost_usd"].as_str()).collect();
    assert_eq!(lost, ["0.12", "0.24", "0.12"]);
    assert!(csv.stderr.contains("⚠️ $0.12 more is gone"), "{}", csv.stderr);
    let shown = home.run(&["wallet"]).await.stdout;
    assert!(shown.contains("$0.12 more is gone"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn top_ups_and_assumed_charges_are_named_as_what_they_are() {
    let home = Home::paying(|_| {}).await;
    home.run(&make("a lake")).await.ok();
    home.sandbox.skillboss.top_up(WHOLESALE_KEY, Usd::cents(500)).unwrap().unwrap();
    let told = report(&home).await;
    let stretch = only_stretch(&told);
    assert_eq!(stretch["unexplained_usd"], "-5.00", "{stretch:#}");
    assert!(stretch["message"].as_str().unwrap().contains("top-up or a refund"), "{stretch:#}");

    // A service that says nothing of the price: the estimate is booked, and the wallet knows better.
    let home = Home::paying(|_| {}).await;
    let faults = &home.sandbox.faults;
    faults.add(always(Endpoint::RunStatus, Fault::NoCost));
    faults.add(Rule::once(Endpoint::Run, Fault::WrongPrice { factor: 1.5 }));
    home.run(&make("a lake")).await.ok();
    let told = report(&home).await;
    let stretch = only_stretch(&told);
    assert_eq!((&stretch["assumed_usd"], &stretch["unexplained_usd"]), (&"0.12".into(), &"0.06".into()));
    assert!(stretch["message"].as_str().unwrap().contains("did not say what $0.12"), "{stretch:#}");
}

/// Readings in the middle of everything explain nothing wrongly; and one dear call among many is found all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_many_under_way_nothing_is_accused_wrongly_and_nothing_is_missed() {
    for overcharged in [false, true] {
        let mut home = Home::paying(|options| options.skillboss.work_ms = 150).await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        let app = home.app();
        for number in 0..12 {
            if overcharged && number == 5 {
                let fault = Rule {
                    text: Some("lake 5".into()),
                    ..Rule::once(Endpoint::Run, Fault::Overcharge { factor: 3.0 })
                };
                home.sandbox.faults.add(fault);
            }
            order(&home, &app, wish(&format!("lake {number}"))).await.unwrap();
        }
        wallet::show(&app).await.unwrap();
        let stop = CancellationToken::new();
        let moving = tokio::spawn(engine::run(app.clone(), Reach::Everything, stop.clone()));
        until("all are charged", async || {
            wallet::show(&app).await.unwrap();
            home.sandbox.skillboss.charges().len() >= 12
        })
        .await;
        stop.cancel();
        moving.await.unwrap().unwrap();
        rest(&app).await;
        let told = report(&home).await;
        let stretch = only_stretch(&told);
        let expected = if overcharged { "0.24" } else { "0.00" };
        assert_eq!(stretch["unexplained_usd"], expected, "{stretch:#}");
        assert_eq!(stretch["calls"], 12, "{stretch:#}");
        for period in stretch["unexplained"].as_array().into_iter().flatten() {
            assert!(overcharged, "accused wrongly: {period:#}");
        }
    }
}
