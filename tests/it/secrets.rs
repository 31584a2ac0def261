//! Canaries where secrets are: everything is done, with every failure and the most talkative log, and then every
//! place that somebody may look at is searched for them.

use std::path::{Path, PathBuf};

use firstcut::sandbox::{Account, Endpoint, Fault, Moment, Plan, Rule};
use serde_json::{Value, json};

use crate::home::{Home, Ran};

const CLIP: &str = "generate a 1-second 360p video of a lake";
const PICTURE: &[u8] = include_bytes!("../fixtures/media/picture.png");
/// A token of one's own may look like anything.
const OWN_TOKEN: &str = "CANARY-own-token-0123456789abcdef";
const SIGNATURE: &str = "CANARYSIGNATURE0123456789";
/// What a careless service puts into its errors.
const CARELESS: &str = "key sk-CANARYKEY0123456789 and nmv_usr_CANARYOTHER0123456789 refused at \
    https://u:CANARYPASSWORD@cdn.example/x?sig=CANARYQUERY, you sent CANARY-own-token-0123456789abcdef";

fn says(status: u16) -> Fault {
    Fault::Status { status, code: None, message: Some(CARELESS.into()), retry_after_s: None }
}

/// One rule at a time, and what it does to a video.
fn troubles() -> Vec<Vec<Rule>> {
    let words = CARELESS.to_owned();
    vec![
        vec![],
        vec![Rule::once(Endpoint::WithSession, says(400))],
        vec![Rule::once(Endpoint::RunSse, says(400))],
        vec![Rule::once(Endpoint::RunSse, says(500))],
        vec![Rule::once(Endpoint::RunSse, Fault::ModelError { code: "500".into(), message: words.clone() })],
        vec![Rule::once(Endpoint::RunSse, Fault::ErrorFrame { malformed: true, at: Moment::BeforeChange })],
        vec![Rule { nth: 2, times: 0, ..Rule::once(Endpoint::State, says(403)) }],
        vec![Rule { times: 0, ..Rule::once(Endpoint::RenderSubmit, says(402)) }],
        vec![Rule {
            times: 0,
            ..Rule::once(Endpoint::RenderSubmit, Fault::RenderFails { message: Some(words) })
        }],
        vec![Rule { times: 0, ..Rule::once(Endpoint::RenderPoll, says(403)) }],
        vec![Rule { times: 0, ..Rule::once(Endpoint::Cdn, says(403)) }],
        vec![Rule { times: 0, ..Rule::once(Endpoint::RunSse, Fault::ExpireToken) }],
    ]
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

fn holds(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

/// Does everything in this home; gives all that was printed.
async fn everything(home: &Home) -> Vec<Ran> {
    let picture = home.write("picture.png", PICTURE);
    let mut told = Vec::new();
    for (number, rules) in troubles().into_iter().enumerate() {
        home.no_more_faults();
        rules.into_iter().for_each(|rule| home.sandbox.faults.add(rule));
        let prompt = format!("{CLIP} number {number:02}");
        told.push(home.run(&["make", &prompt, "--json"]).await);
        if number % 4 == 0 {
            told.push(home.run(&["make", &prompt]).await);
            told.push(home.run(&["jobs", "list"]).await);
        }
    }
    home.no_more_faults();
    for words in [
        vec!["upload", picture.to_str().unwrap()],
        vec!["state"],
        vec!["credits"],
        vec!["edit", "add a title \"Hello\"", "--json"],
        vec!["jobs", "list", "--json"],
        vec!["doctor", "--json"],
        vec!["doctor"],
    ] {
        told.push(home.run(&words).await);
    }
    told
}

/// What a link to a browser carries.
fn claim_token(report: &Value) -> String {
    let link = report["browser_link"].as_str().unwrap_or_else(|| panic!("no link: {report:#}"));
    let (place, token) = link.split_once("/workspace/claim?ct=").unwrap_or_else(|| panic!("{link}"));
    assert!(place.starts_with("http") && token.starts_with("clm_"), "{link}");
    token.to_owned()
}

/// The same for an assistant: answers and log. With it, the token of the link that was asked for.
async fn everything_over_mcp(home: &Home) -> (Vec<u8>, String) {
    let log = home.root().join("serve.log");
    let mut command = home.command(&["serve"]);
    command.stdin(std::process::Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut child = command.spawn().unwrap();
    let mut talk = crate::talk::Talk::over(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    talk.initialize().await;
    let mut answers = Vec::new();
    for (number, rules) in troubles().into_iter().enumerate().filter(|(number, _)| *number != 11) {
        home.no_more_faults();
        rules.into_iter().for_each(|rule| home.sandbox.faults.add(rule));
        let prompt = format!("{CLIP} for an assistant {number:02}");
        answers.push(talk.call("generate_video", json!({"prompt": prompt, "wait_seconds": 60})).await);
        answers.push(talk.call("list_jobs", json!({})).await);
        answers.push(talk.call("session_state", json!({})).await);
    }
    home.no_more_faults();
    answers.push(talk.call("check_credits", json!({})).await);
    let shown = talk.call("session_state", json!({"browser_link": true})).await;
    let token = claim_token(&shown["result"]["structuredContent"]);
    let text = shown["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains(&token), "the text alone has the link, too: {text}");
    answers.push(talk.call("session_state", json!({})).await);
    answers.extend(std::mem::take(&mut talk.notes));
    drop(talk);
    child.wait().await.unwrap();
    let mut all = std::fs::read(log).unwrap();
    all.extend(json!(answers).to_string().into_bytes());
    (all, token)
}

async fn search(home: &Home, canaries: &[&str]) {
    let (answers, given) = everything_over_mcp(home).await;
    // A link is told to whoever asks for it, and nowhere else.
    let mut asked = home.run(&["state", "--link", "--json"]).await;
    let claimed = claim_token(&asked.ok());
    asked.stdout.clear();
    let mut told = everything(home).await;
    told.push(asked);
    for canary in canaries.iter().copied().chain([given.as_str(), claimed.as_str()]) {
        for ran in &told {
            assert!(!ran.stdout.contains(canary), "{canary} on stdout: {}", ran.stdout);
            assert!(!ran.stderr.contains(canary), "{canary} on stderr: {}", ran.stderr);
        }
        let text = String::from_utf8_lossy(&answers);
        assert!(!text.contains(canary), "{canary} in what an assistant or its log was told: {text}");
        for file in files(&home.path()).into_iter().chain(files(&home.work())) {
            // The one place where the token must be.
            if file.file_name().is_some_and(|name| name == "nemo-token.json") {
                continue;
            }
            assert!(!holds(&std::fs::read(&file).unwrap(), canary), "{canary} in {}", file.display());
        }
    }
    assert!(told.iter().any(|ran| ran.stderr.len() > 1_000), "the log talks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_ones_own_and_words_of_a_careless_service() {
    let account =
        Account { token: OWN_TOKEN.into(), user_id: "42".into(), credits: 100_000, plan: Plan::Free };
    let mut home = Home::with(|options| {
        options.accounts = vec![account];
        options.link_query = Some(format!("Expires=1&Signature={SIGNATURE}"));
    })
    .await;
    home.set("NEMO_TOKEN", OWN_TOKEN);
    home.set("FIRSTCUT_LOG", "debug");
    search(&home, &["CANARY"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_that_the_service_gave() {
    let mut home = Home::with(|options| options.prices.starting_credits = 100_000).await;
    home.set("FIRSTCUT_LOG", "trace");
    home.run(&["credits"]).await;
    let kept = files(&home.path()).into_iter().find(|file| file.ends_with("nemo-token.json")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777,
            0o600,
            "for its owner alone"
        );
    }
    let stored: serde_json::Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    search(&home, &[stored["token"].as_str().unwrap(), "CANARYKEY", "CANARYQUERY", "CANARYPASSWORD"]).await;
}
