//! `doctor`, as people use it: what it says of the key that pays.

use serde_json::Value;

use crate::home::Home;
use firstcut::sandbox::{Endpoint, Fault};

fn skillboss(told: &Value) -> &Value {
    told["checks"].as_array().unwrap().iter().find(|check| check["name"] == "SkillBoss").unwrap()
}

fn detail(told: &Value) -> &str {
    skillboss(told)["detail"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_tried_and_its_wallet_told() {
    let mut home = Home::paying(|_| {}).await;
    let words = ["doctor", "--json"];
    let told = home.run(&words).await.ok();
    assert_eq!(skillboss(&told)["health"], "ok", "{told:#}");
    assert!(detail(&told).starts_with("The wholesale key (SKILLBOSS_WHOLESALE_KEY) is accepted. $1000.00"));

    // A service that is away is another matter than a key that is refused.
    let away = Fault::Status { status: 503, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(crate::home::always(Endpoint::Balance, away));
    let ran = home.run(&words).await;
    assert_eq!(ran.code, Some(21), "{ran:?}");
    assert!(detail(&ran.json()).contains("could not be tried"), "{ran:?}");
    home.no_more_faults();

    home.set("SKILLBOSS_WHOLESALE_KEY", "wk_that_nobody_knows");
    let ran = home.run(&words).await;
    assert_eq!(ran.code, Some(12), "{ran:?}");
    let told = ran.json();
    assert_eq!(skillboss(&told)["health"], "problem", "{told:#}");
    assert!(detail(&told).contains("(SKILLBOSS_WHOLESALE_KEY) is refused."), "{told:#}");
    assert!(skillboss(&told)["fix"].as_str().unwrap().starts_with("Check the key."), "{told:#}");
    assert!(!ran.stdout.contains("nobody_knows"), "{ran:?}");
    let offline = home.run(&["doctor", "--offline", "--json"]).await.ok();
    assert!(offline["checks"].as_array().unwrap().iter().all(|check| check["name"] != "SkillBoss"));

    // Without any, NemoVideo still works; only who chose SkillBoss has a problem.
    home.set("SKILLBOSS_WHOLESALE_KEY", "");
    let ran = home.run(&words).await;
    assert_eq!(ran.code, Some(12), "{ran:?}");
    home.set("FIRSTCUT_SERVICE", "auto");
    let told = home.run(&words).await.ok();
    assert_eq!(skillboss(&told)["health"], "note", "{told:#}");
    assert!(detail(&told).contains("veo-3.1,") && detail(&told).contains("NemoVideo works"), "{told:#}");
    assert!(skillboss(&told)["fix"].as_str().unwrap().contains("firstcut wallet trial"), "{told:#}");
    assert!(home.sandbox.skillboss.submissions().is_empty(), "asking is free");
}
