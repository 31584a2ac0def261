//! Prompts with more detail: asked for once, paid for in the same books, and never in the way.

use serde_json::json;

use super::end;
use crate::home::{Home, always};
use firstcut::sandbox::{Close, Endpoint, Fault, Rule, WHOLESALE_KEY};

const MAKE: [&str; 9] =
    ["make", "a lake at dawn", "--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p", "--json"];

fn sent(home: &Home) -> Vec<String> {
    let all = home.sandbox.skillboss.submissions();
    all.into_iter().filter(|one| one.model == "veo-3.1-lite").map(|one| one.prompt).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_is_rewritten_once_and_shown_beside_the_first() {
    let mut home = Home::paying(|_| {}).await;
    // Off by default.
    let plain = home.run(&MAKE).await.ok();
    assert!(!plain["message"].as_str().unwrap().contains("Yours"), "{plain:#}");
    assert!(home.requests("chat").is_empty());

    let words = [&MAKE[..], &["--enhance", "--new"]].concat();
    let made = home.run(&words).await.ok();
    let message = made["message"].as_str().unwrap();
    assert!(message.contains("Sent: \"cinematic: a lake at dawn."), "{message}");
    assert!(message.contains("Yours: \"a lake at dawn\""), "{message}");
    assert_eq!(sent(&home)[0], "a lake at dawn");
    assert!(sent(&home)[1].starts_with("cinematic: a lake at dawn. Slow dolly-in"), "{:?}", sent(&home));

    // The same words again cost no second rewriting, in a batch and by the setting too.
    home.set("FIRSTCUT_ENHANCE", "1");
    let line = |prompt: &str| {
        format!(
            "{{\"prompt\": \"{prompt}\", \"model\": \"veo-3.1-lite\", \"seconds\": 4, \"resolution\": \"720p\"}}\n"
        )
    };
    home.write("two.jsonl", (line("a lake at dawn") + &line("a hill at dusk")).as_bytes());
    let ran = home.run(&["batch", "two.jsonl", "--yes", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(home.requests("chat").len(), 2);
    assert!(sent(&home).iter().all(|prompt| prompt == "a lake at dawn" || prompt.starts_with("cinematic")));
    let told = end(&ran);
    for (line, words) in [(0, "cinematic: a lake at dawn."), (1, "cinematic: a hill at dusk.")] {
        let line = &told["lines"][line];
        assert!(line["sent_prompt"].as_str().unwrap().starts_with(words), "{line:#}");
        assert!(!line["prompt"].as_str().unwrap().contains("cinematic"), "beside the user's own: {line:#}");
    }
    let shown = home.run(&["batch", "show", "two"]).await.stdout;
    assert!(shown.contains("Sent: \"cinematic: a hill at dusk."), "{shown}");
    // Two clips, and the one rewriting that was new.
    assert_eq!(told["charged_usd"], "0.241", "{told:#}");
    let table = home.run(&["jobs", "report", "--csv"]).await.stdout;
    assert_eq!(table.lines().filter(|row| row.contains("claude-4-5-haiku")).count(), 2, "{table}");
    let all: i64 = home.sandbox.skillboss.charges().iter().map(|bill| bill.amount_usd.micros).sum();
    assert_eq!(all, 4 * 120_000 + 2 * 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_the_prompt_stays_as_it_was() {
    for (fault, money, charged) in [
        (
            Fault::Status { status: 500, code: None, message: None, retry_after_s: None },
            "may have been charged",
            "0.13",
        ),
        (
            Fault::Status { status: 402, code: None, message: None, retry_after_s: None },
            "used as it was",
            "0.12",
        ),
        (Fault::LostAnswer { how: Close::Reset }, "may have been charged", "0.13"),
    ] {
        let home = Home::paying(|_| {}).await;
        home.sandbox.faults.add(always(Endpoint::Chat, fault.clone()));
        let words = [&MAKE[..], &["--enhance"]].concat();
        let made = home.run(&words).await.ok();
        let message = made["message"].as_str().unwrap();
        assert!(message.contains("was not rewritten") && message.contains(money), "{fault:?}: {message}");
        assert_eq!(sent(&home), ["a lake at dawn"], "{fault:?}");
        assert_eq!(home.requests("chat").len(), 1, "never sent again: {fault:?}");
        let again = [&MAKE[..], &["--enhance", "--new"]].concat();
        home.run(&again).await.ok();
        assert_eq!(home.requests("chat").len(), 1, "nor by another clip: {fault:?}");
        let books = home.run(&["jobs", "report", "--json"]).await.ok();
        let first: Vec<_> =
            books["by_model"].as_array().unwrap().iter().map(|sum| sum["charged_usd"].clone()).collect();
        let clips = json!("0.24");
        assert!(first.contains(&clips), "{books:#}");
        assert_eq!(first.len() == 2, charged == "0.13", "the worst is booked: {fault:?} {books:#}");
    }
    // No room in the budget for even a cent: the clip is made all the same, as far as its own price fits.
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_MAX_USD_PER_DAY", "0.12");
    home.sandbox.faults.add(Rule::once(Endpoint::Chat, Fault::LostAnswer { how: Close::Reset }));
    let words = [&MAKE[..], &["--enhance"]].concat();
    let made = home.run(&words).await.ok();
    let message = made["message"].as_str().unwrap();
    assert!(message.contains("was not rewritten"), "{message}");
    assert!(home.requests("chat").is_empty(), "what does not fit is not sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_nothing_does_not_wait_for_its_prompt() {
    let mut home = Home::paying(|_| {}).await;
    home.set("FIRSTCUT_ENHANCE", "1");
    home.sandbox.faults.add(always(Endpoint::Chat, Fault::Delay { ms: 4_000 }));
    let mut serve = home.serve().await;
    let wish = |prompt: &str, seconds: u32| json!({"prompt": prompt, "model": "veo-3.1-lite", "duration_seconds": seconds, "resolution": "720p", "wait_seconds": 0});
    // One clip, and a film of two parts: the job is there before its prompt is.
    for (prompt, seconds, parts) in [("a lake at dawn", 4, 1), ("a hill at dusk", 12, 2)] {
        let begun = sent(&home).len();
        let told = serve.talk.call_ok("generate_video", wish(prompt, seconds)).await;
        let id = told["job_id"].as_str().unwrap().to_owned();
        assert!(told["state"] != "done" && sent(&home).len() == begun, "{told:#}");
        let told = serve.rested(&id).await;
        assert_eq!(told["state"], "done", "{told:#}");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(&format!("Sent: \"cinematic: {prompt}.")), "{message}");
        assert!(message.contains(&format!("Yours: \"{prompt}\"")), "{message}");
        let sent = &sent(&home)[begun..];
        assert_eq!(sent.len(), parts, "{sent:?}");
        assert!(sent.iter().all(|it| it.starts_with(&format!("cinematic: {prompt}."))), "{sent:?}");
        assert_eq!(
            sent.iter().filter(|it| it.contains("of one continuous video")).count(),
            if parts > 1 { parts } else { 0 }
        );
    }
    // Stopped while the prompt is rewritten, nothing else is sent.
    let told = serve.talk.call_ok("generate_video", wish("a moor in fog", 4)).await;
    let id = told["job_id"].as_str().unwrap().to_owned();
    home.until("the language model is asked", |home| home.requests("chat").len() == 3).await;
    serve.talk.call_ok("cancel_job", json!({"job_id": id})).await;
    let told = serve.rested(&id).await;
    assert_eq!(told["state"], "cancelled", "{told:#}");
    assert!(told["message"].as_str().unwrap().contains("may have cost up to a cent"), "{told:#}");
    assert!(sent(&home).iter().all(|prompt| !prompt.contains("moor")));
    // What was asked of the language model is on its way, and is booked.
    let rewriting = home
        .job_that(|job| {
            job.request.words() == "a moor in fog" && job.state.is_at_rest() && job.id.as_str() != id
        })
        .await;
    assert!(rewriting.state.is_at_rest());
    serve.hang_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_price_is_part_of_the_clips() {
    let mut home = Home::paying(|_| {}).await;
    let enhanced = |more: &[&'static str]| [&MAKE[..], &["--enhance"], more].concat();
    let refused = home.run(&enhanced(&["--max-cost-usd", "0.12"])).await.error();
    assert_eq!(refused["code"], "over_budget", "{refused:#}");
    assert!(refused["message"].as_str().unwrap().contains("$0.01 is kept for rewriting"), "{refused:#}");
    assert!(home.requests("chat").is_empty() && home.requests("run").is_empty());
    let made = home.run(&enhanced(&["--max-cost-usd", "0.13"])).await.ok();
    assert_eq!(
        (&made["cost"]["usd"], made["cost"]["usd_estimated"].as_str()),
        (&json!("0.121"), Some("0.121"))
    );
    assert!(made["message"].as_str().unwrap().contains("It cost $0.121."), "{made:#}");
    // It is charged once, and told by the clip that it was made for.
    let again = home.run(&enhanced(&["--max-cost-usd", "0.13", "--new"])).await.ok();
    assert_eq!(again["cost"]["usd"], "0.12", "{again:#}");
    home.write(
        "one.jsonl",
        b"{\"prompt\": \"a moor\", \"model\": \"veo-3.1-lite\", \"seconds\": 4, \"resolution\": \"720p\", \"enhance\": true}\n",
    );
    let told = end(&home.run(&["batch", "one.jsonl", "--yes", "--json"]).await);
    assert_eq!(
        (&told["lines"][0]["cost_usd"], &told["charged_usd"]),
        (&json!("0.121"), &json!("0.121")),
        "{told:#}"
    );
    assert_eq!(told["budget_usd"], "0.13", "{told:#}");

    // And of the price that a person is asked about.
    home.set("FIRSTCUT_APPROVE_ABOVE_USD", "0.12");
    assert_eq!(home.run(&[&MAKE[..], &["--new"]].concat()).await.ok()["state"], "done");
    let waits = home.run(&enhanced(&["--new"])).await.json();
    assert_eq!(
        (&waits["state"], &waits["approval"]["most_usd"]),
        (&json!("needs_approval"), &json!("0.13")),
        "{waits:#}"
    );
    home.set("FIRSTCUT_ENHANCE", "1");
    let price = home
        .run(&["estimate", "--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p", "--json"])
        .await
        .ok();
    assert_eq!(price["most_usd"], "0.13", "{price:#}");
    assert!(price["message"].as_str().unwrap().contains("$0.01 for rewriting the prompt"), "{price:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_empty_wallet_it_waits_and_the_clips_with_it() {
    let mut home =
        Home::paying(|options| options.skillboss.balance_usd = firstcut::sandbox::Usd::cents(0)).await;
    home.set("FIRSTCUT_POLL_S", "0.05");
    let out_of_credits = Some(firstcut::error::Kind::OutOfCredits.exit_code().into());
    let hill =
        ["make", "a hill", "--model", "veo-3.1-lite", "--seconds", "4", "--resolution", "720p", "--json"];
    assert_eq!(home.run(&hill).await.code, out_of_credits);
    let mut ids = Vec::new();
    for more in [&["--enhance"][..], &["--enhance", "--new"]] {
        let ran = home.run(&[&MAKE[..], more].concat()).await;
        assert_eq!(ran.code, out_of_credits, "{ran:?}");
        let told = ran.json();
        assert!(told["message"].as_str().unwrap().contains("Waiting for money"), "{told:#}");
        ids.push(told["job_id"].as_str().unwrap().to_owned());
    }
    // What one clip gives up, the other one still wants.
    home.run(&["jobs", "cancel", &ids[0]]).await;
    let stopped = home.run(&["jobs", "wait", &ids[0], "--json"]).await.json();
    assert_eq!(stopped["state"], "cancelled", "{stopped:#}");
    assert!(home.requests("chat").is_empty(), "nothing is sent with an empty wallet");

    home.sandbox.skillboss.top_up(WHOLESALE_KEY, firstcut::sandbox::Usd::cents(100)).unwrap().unwrap();
    let done = home.run(&["jobs", "wait", &ids[1], "--json"]).await.ok();
    let message = done["message"].as_str().unwrap();
    assert!(message.contains("Sent: \"cinematic: a lake at dawn."), "{message}");
    assert_eq!((&done["error"], home.requests("chat").len()), (&json!(null), 1), "{done:#}");
    assert!(sent(&home).iter().all(|prompt| prompt != "a lake at dawn"), "{:?}", sent(&home));
    home.may_leave_jobs = true;
}
