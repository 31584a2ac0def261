//! The wallet by hand: limits that the service keeps, purses with keys of their own, and the trial.

use std::path::Path;

use firstcut::sandbox::{Endpoint, Fault, Rule};
use serde_json::{Value, json};

use super::till::make;
use crate::home::{Home, always};

fn said(told: &Value) -> &str {
    told["message"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_takes_no_other_one_away() {
    let home = Home::paying(|_| {}).await;
    home.run(&["wallet", "limit", "--per-day", "18", "--json"]).await.ok();
    home.run(&["wallet", "limit", "--scope", "model:veo-3.1", "--per-call", "1", "--json"]).await.ok();
    let told = home.run(&["wallet", "limit", "--per-week", "60", "--json"]).await.ok();
    assert!(said(&told).contains("type:video: $18.00 a day, $60.00 a week."), "{told:#}");
    let told = home.run(&["wallet", "limit", "--per-day", "20", "--json"]).await.ok();
    assert!(said(&told).contains("type:video: $20.00 a day, $60.00 a week."), "{told:#}");
    let both = ["type:video: $20.00 a day, $60.00 a week.", "model:veo-3.1: $1.00 a call."];
    let shown = home.run(&["wallet", "--json"]).await.ok();
    assert_eq!(shown["rules"], serde_json::json!(both), "{shown:#}");
    let text = home.run(&["wallet"]).await.stdout;
    assert!(both.iter().all(|rule| text.contains(&format!("\nLimit    {rule}"))), "{text}");

    // The service keeps both: the one for the model refuses a call, which costs nothing then.
    let dear = ["make", "a lake", "--model", "veo-3.1", "--seconds", "4", "--resolution", "720p", "--json"];
    let refused = home.run(&dear).await.json();
    assert_eq!(
        (&refused["state"], &refused["cost"]["usd"]),
        (&"failed".into(), &"0.00".into()),
        "{refused:#}"
    );
    assert_eq!(home.run(&make("a lake")).await.ok()["state"], "done");
    home.run(&["wallet", "limit", "--scope", "model:veo-3.1", "--remove", "--json"]).await.ok();
    let shown = home.run(&["wallet", "--json"]).await.ok();
    assert_eq!(shown["rules"], serde_json::json!(&both[..1]), "{shown:#}");
    let none = home.run(&["wallet", "limit", "--scope", "model:veo-3.1", "--remove", "--json"]).await;
    assert_eq!(none.error()["code"], "invalid_input", "{none:?}");
    let mut again = dear.to_vec();
    again.push("--new");
    assert_eq!(home.run(&again).await.ok()["state"], "done");

    // A service that does not show its rules may replace them: somebody has to say that it may.
    let unseen = || {
        let missing = Fault::Status { status: 404, code: None, message: None, retry_after_s: None };
        home.sandbox.faults.add(Rule::once(Endpoint::WalletRules, missing));
    };
    let wish = ["wallet", "limit", "--scope", "all", "--per-month", "200", "--json"];
    unseen();
    let refused = home.run(&wish).await.error();
    assert!(refused["code"] == "invalid_input" && said(&refused).contains("Nothing was sent"), "{refused:#}");
    assert!(refused["next"].as_str().unwrap().contains("--replace"), "{refused:#}");
    unseen();
    let refused = home.run(&["wallet", "limit", "--scope", "all", "--remove", "--json"]).await.error();
    assert!(said(&refused).contains("does not show"), "{refused:#}");
    unseen();
    let told = home.run(&[&wish[..], &["--replace"]].concat()).await.ok();
    assert!(said(&told).contains("earlier limits may have been replaced"), "{told:#}");
    assert_eq!(home.run(&["wallet", "limit"]).await.code, Some(2), "no limit, nothing to do");
}

/// What was done is told, whatever cannot be shown afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_set_is_no_failure() {
    let home = Home::paying(|_| {}).await;
    let away = || Fault::Status { status: 403, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(always(Endpoint::Balance, away()));
    for (words, done) in [
        (["limit", "--per-day", "18"], "type:video: $18.00 a day."),
        (["budget", "--per-day", "25"], "The account's limits are now: $25.00 a day"),
        (["limit", "--scope=type:video", "--remove"], "no limit for type:video any more"),
    ] {
        let ran = home.run(&[&["wallet"], &words[..], &["--json"]].concat()).await.ok();
        assert!(said(&ran).contains(done) && said(&ran).contains("The wallet was not told: "), "{ran:#}");
        assert!(ran.get("balance_usd").is_none() && ran["spent_today_usd"] == "0.00", "{ran:#}");
    }
    // Rules that a key may not see hide nothing else.
    home.no_more_faults();
    home.sandbox.faults.add(always(Endpoint::WalletRules, away()));
    let shown = home.run(&["wallet", "--json"]).await.ok();
    assert!(said(&shown).contains("The limits were not told: "), "{shown:#}");
    assert_eq!(
        (&shown["balance_usd"], shown["account_budget"].is_string()),
        (&json!("1000.00"), true),
        "{shown:#}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_budget_of_the_account_keeps_what_is_not_said() {
    let home = Home::paying(|_| {}).await;
    home.run(&["wallet", "budget", "--per-day", "25", "--json"]).await.ok();
    let told = home.run(&["wallet", "budget", "--per-week", "150", "--json"]).await.ok();
    let both = "$25.00 a day, $150.00 a week; calls beyond are refused";
    assert!(said(&told).contains(both), "{told:#}");
    assert_eq!(told["account_budget"], both);
    home.run(&["wallet", "budget", "--soft", "--json"]).await.ok();
    let told = home.run(&["wallet", "budget", "--per-day", "0.20", "--json"]).await.ok();
    assert!(said(&told).contains("$0.20 a day, $150.00 a week; beyond it only a warning"), "{told:#}");
    home.run(&make("first")).await.ok();
    home.run(&make("second")).await.ok();
    home.run(&["wallet", "budget", "--hard", "--json"]).await.ok();
    let text = home.run(&["wallet"]).await.stdout;
    assert!(text.contains("\nAccount  $0.20 a day, $150.00 a week; calls beyond are refused."), "{text}");
    let refused = home.run(&make("third")).await.json();
    assert_eq!(refused["state"], "failed", "{refused:#}");
    assert_eq!(home.bills().len(), 2, "the service keeps to it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purse_is_made_shown_and_holds() {
    let mut home = Home::paying(|_| {}).await;
    let words = ["wallet", "sub-wallet", "video agent", "--per-week", "0.20", "--per-day", "2"];
    let told = home.run(&words).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(
        told.stdout.contains("as SKILLBOSS_WHOLESALE_KEY"),
        "its keys are of the account's kind: {told:?}"
    );
    let key = kept(&home.path(), "skillboss-video-agent-");
    assert!(!told.stdout.contains(&key) && !told.stderr.contains(&key), "{told:?}");
    let shown = home.run(&["wallet", "--json"]).await;
    let purse = shown.ok()["sub_wallets"][0].as_str().unwrap().to_owned();
    assert!(purse.starts_with("video agent (sw_"), "{purse}");
    assert!(purse.ends_with("): $2.00 a day, $0.20 a week; $0.00 spent."), "{purse}");
    assert!(!shown.stdout.contains(&key), "{shown:?}");

    let accounts = home.vars();
    home.set("SKILLBOSS_WHOLESALE_KEY", &key);
    assert_eq!(home.run(&make("first")).await.ok()["state"], "done");
    let refused = home.run(&make("second")).await.json();
    assert_ne!(refused["state"], "done", "a week has twenty cents: {refused:#}");
    assert_eq!(home.bills().len(), 1);
    let account = accounts.iter().find(|(name, _)| name == "SKILLBOSS_WHOLESALE_KEY").unwrap();
    home.set("SKILLBOSS_WHOLESALE_KEY", &account.1);
    let text = home.run(&["wallet"]).await.stdout;
    assert!(text.contains("$0.20 a week; $0.12 spent."), "{text}");
    home.may_leave_jobs = true;
}

/// A key that is told once is not asked for where it could not be kept.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_its_key_no_purse_is_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut home = Home::paying(|_| {}).await;
    home.run_without_rights();
    let before = std::fs::metadata(home.path()).unwrap().permissions();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let refused = home.run(&["wallet", "sub-wallet", "agent", "--total", "1", "--json"]).await;
    std::fs::set_permissions(home.path(), before).unwrap();
    assert_eq!(refused.error()["code"], "storage", "{refused:?}");
    assert!(home.requests("sub_wallets").is_empty(), "nothing was asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_is_kept_privately_and_used_from_then_on() {
    let mut home = Home::with(|options| options.skillboss.clips = firstcut::sandbox::Clips::Tiny).await;
    home.set("SKILLBOSS_API_URL", home.sandbox.skillboss.api_url());
    home.set("SKILLBOSS_WEB_URL", home.sandbox.url.clone());
    home.set("FIRSTCUT_SERVICE", "skillboss");
    home.set("FIRSTCUT_PREVIEW", "none");
    let without = home.run(&["wallet", "--json"]).await.error();
    assert_eq!(without["code"], "unauthorized", "{without:#}");
    let told = home.run(&["wallet", "trial"]).await;
    assert!(told.code == Some(0) && told.stdout.contains("with $0.50"), "{told:?}");
    let key = kept(&home.path(), "skillboss.key");
    assert!(!told.stdout.contains(&key), "{told:?}");
    assert_eq!(home.run(&["wallet", "--json"]).await.ok()["balance_usd"], "0.50");
    let made = home.run(&make("a lake")).await.ok();
    assert_eq!((&made["state"], &made["cost"]["usd"]), (&"done".into(), &"0.12".into()), "{made:#}");
    let twice = home.run(&["wallet", "trial", "--json"]).await.error();
    assert_eq!(twice["code"], "invalid_input", "{twice:#}");
    assert_eq!(home.requests("trial_wallet").len(), 1, "a second one was not asked for");
    assert_eq!(kept(&home.path(), "skillboss.key"), key);
    // Without the key it may be asked for, and the service says that today's is gone.
    std::fs::remove_file(home.path().join("skillboss.key")).unwrap();
    let gone = home.run(&["wallet", "trial", "--json"]).await.error();
    assert_eq!(gone["code"], "rate_limited", "{gone:#}");
}

/// One service is away: what it would have told is left out, not invented.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credits_that_nobody_told_are_not_none() {
    let home = Home::paying(|_| {}).await;
    let away = Fault::Status { status: 503, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(always(Endpoint::Credits, away));
    let mut server = home.serve().await;
    let answer = server.talk.call("check_credits", json!({})).await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("$1000.00 in the SkillBoss wallet") && text.contains("NemoVideo: "), "{text}");
    assert!(!text.contains("0 available") && text.contains("\nservice: skillboss\n"), "{text}");
    assert!(text.contains("\nNext: Use estimate_cost"), "{text}");
    let told = &answer["result"]["structuredContent"];
    assert_eq!(told["wallet_usd"], "1000.00", "{told:#}");
    assert!(["available", "frozen", "total"].iter().all(|name| told.get(name).is_none()), "{told:#}");
    server.hang_up().await;
    let shown = home.run(&["credits"]).await;
    assert!(shown.code == Some(0) && !shown.stdout.contains("available"), "{shown:?}");
    assert!(shown.stdout.contains("$1000.00"), "{shown:?}");
}

/// The key in the only file whose name begins so, which only its owner may read.
fn kept(folder: &Path, begins: &str) -> String {
    let found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(begins))
        .collect();
    let [file] = found.as_slice() else { panic!("{begins}: {found:?}") };
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
    std::fs::read_to_string(file).unwrap()
}
