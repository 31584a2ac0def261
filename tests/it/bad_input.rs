//! Bad input, at both doors: a clear error before anything is sent, and nothing lost.

use std::path::{Path, PathBuf};

use firstcut::sandbox::{Account, Endpoint, Fault, Plan, Rule};
use serde_json::{Value, json};

use crate::home::{Home, ended, playable};

const CLIP: &str = "generate a 1-second 360p video of a lake";
const PICTURE: &[u8] = include_bytes!("../fixtures/media/picture.png");

/// The error's code at the command line; whatever it is, it is told whole and costs nothing.
fn refused(ran: &crate::home::Ran) -> String {
    let error = ran.error();
    for field in ["code", "message", "next"] {
        assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {ran:?}");
    }
    assert_eq!(error["money"], "not_spent", "{ran:?}");
    error["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_words_and_numbers() {
    let home = Home::new().await;
    let mut serve = home.serve().await;
    let long = "sunset ".repeat(20_000 / 7 + 1);
    for (arguments, told) in [
        (json!({"prompt": ""}), "empty"),
        (json!({"prompt": " \n\t "}), "empty"),
        (json!({"prompt": long}), "5000 is the limit"),
        (json!({"prompt": CLIP, "fps": 24}), "no argument fps"),
        (json!({"prompt": CLIP, "duration_seconds": 0}), "duration_seconds"),
        (json!({"prompt": CLIP, "duration_seconds": -1}), "duration_seconds"),
        (json!({"prompt": CLIP, "duration_seconds": 4000}), "duration_seconds"),
        (json!({"prompt": CLIP, "duration_seconds": "ten"}), "duration_seconds"),
        (json!({"prompt": CLIP, "aspect_ratio": "2:1"}), "16:9"),
        (json!({"prompt": CLIP, "resolution": "8k"}), "1080p"),
        (json!({"prompt": CLIP, "session_id": "../../etc"}), "session_id"),
    ] {
        let text = serve.talk.call_error("generate_video", arguments.clone()).await;
        assert!(text.starts_with("invalid_input: ") && text.contains(told), "{text}");
        assert!(text.contains("Nothing was spent."), "{text}");
    }
    let text = serve.talk.call_error("edit_video", json!({"instruction": ""})).await;
    assert!(text.starts_with("invalid_input: "), "{text}");
    serve.hang_up().await;
    for words in [
        vec!["make", ""],
        vec!["make", &long],
        vec!["make", CLIP, "--duration", "0"],
        vec!["make", CLIP, "--duration", "-1"],
        vec!["make", CLIP, "--duration", "4000"],
        vec!["make", CLIP, "--duration", "ten"],
        vec!["make", CLIP, "--fps", "24"],
        vec!["make", CLIP, "--aspect", "2:1"],
        vec!["edit", " "],
    ] {
        let ran = home.run(&[words.as_slice(), &["--json"]].concat()).await;
        assert_eq!((refused(&ran).as_str(), ran.code), ("invalid_input", Some(2)), "{ran:?}");
    }
    assert_eq!((home.effects(), home.jobs().await.len()), (0, 0), "nothing was sent or written down");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_sent() {
    let home = Home::new().await;
    let outside = home.root().join("secret.png");
    std::fs::write(&outside, PICTURE).unwrap();
    std::os::unix::fs::symlink(&outside, home.work().join("link.png")).unwrap();
    std::fs::create_dir(home.work().join("folder.mp4")).unwrap();
    home.write("empty.mp4", b"");
    home.write("prompt.txt", b"a sunset");
    home.write("renamed.mp4", PICTURE);
    home.write("key.png", b"-----BEGIN OPENSSH PRIVATE KEY-----");
    std::fs::File::create(home.work().join("large.mp4")).unwrap().set_len(201 * 1024 * 1024).unwrap();
    let secret = format!("file://{}", outside.display());
    let files = [
        ("nothing.mp4", "not_found"),
        ("empty.mp4", "invalid_input"),
        ("folder.mp4", "invalid_input"),
        ("prompt.txt", "unsupported_file"),
        ("renamed.mp4", "unsupported_file"),
        ("key.png", "unsupported_file"),
        ("large.mp4", "file_too_large"),
    ];
    let outside_the_roots =
        [("link.png", "forbidden"), (secret.as_str(), "forbidden"), ("/etc/passwd", "forbidden")];
    let addresses = [
        ("file:///etc/passwd", "forbidden"),
        ("http://example.com/a.mp4", "forbidden"),
        ("https://10.0.0.8/a.mp4", "forbidden"),
        ("https://192.168.1.1/a.mp4", "forbidden"),
        ("https://169.254.169.254/latest/meta-data", "forbidden"),
        ("https://[::ffff:10.0.0.1]/a.mp4", "forbidden"),
    ];
    let mut serve = home.serve().await;
    for (file, code) in files.iter().chain(&outside_the_roots) {
        for (tool, arguments) in
            [("upload", json!({"files": [file]})), ("generate_video", json!({"prompt": CLIP, "image": file}))]
        {
            let text = serve.talk.call_error(tool, arguments).await;
            assert!(text.starts_with(&format!("{code}: ")), "{tool} {file}: {text}");
        }
    }
    for (address, code) in addresses {
        let text = serve.talk.call_error("upload", json!({"urls": [address]})).await;
        assert!(text.starts_with(&format!("{code}: ")), "{address}: {text}");
    }
    serve.hang_up().await;
    for (file, code) in files {
        let ran = home.run(&["upload", file, "--json"]).await;
        assert_eq!(refused(&ran), code, "{ran:?}");
        let ran = home.run(&["make", CLIP, "--upload", file, "--json"]).await;
        assert_eq!(refused(&ran), code, "{ran:?}");
    }
    assert_eq!((home.effects(), home.jobs().await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_that_a_video_cannot_go_to() {
    let home = Home::new().await;
    home.write("taken.mp4", b"precious");
    home.write("file", b"x");
    let mut serve = home.serve().await;
    for (place, code) in
        [("/proc/x/clip.mp4", "forbidden"), ("../clip.mp4", "forbidden"), ("file/clip.mp4", "storage")]
    {
        let text =
            serve.talk.call_error("generate_video", json!({"prompt": CLIP, "output_path": place})).await;
        assert!(text.starts_with(&format!("{code}: ")), "{place}: {text}");
    }
    for (place, code) in
        [("/proc/x/clip.mp4", "storage"), ("clip.mov", "invalid_input"), ("file/clip.mp4", "storage")]
    {
        let ran = home.run(&["make", CLIP, "-o", place, "--json"]).await;
        assert_eq!(refused(&ran), code, "{ran:?}");
    }
    assert_eq!((home.effects(), home.jobs().await.len()), (0, 0));

    let wanted = json!({"prompt": CLIP, "output_path": "taken.mp4", "wait_seconds": 60});
    let report = serve.talk.call_ok("generate_video", wanted).await;
    serve.hang_up().await;
    assert_eq!(playable(&report), home.work().canonicalize().unwrap().join("taken-2.mp4"));
    assert_eq!(std::fs::read(home.work().join("taken.mp4")).unwrap(), b"precious");
}

/// A small file system of its own, where the system lets us make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "none"])
            .arg(place)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(place.to_owned()));
        }
        eprintln!("SKIPPED: a small disk cannot be mounted here (it needs root), so a full one is not tried");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let beats = Fault::HeartbeatsOnly { count: 60, every_ms: 50 };
    let home = Home::with_faults([Rule::once(Endpoint::RunSse, beats)]).await;
    let Some(tiny) = SmallDisk::mount(&home.work().join("tiny"), 1) else { return };
    let ran = home.run(&["make", CLIP, "-o", "tiny/", "--json"]).await;
    assert_eq!(refused(&ran), "storage", "{ran:?}");
    assert!(ran.error()["message"].as_str().unwrap().contains("MB are free"), "{ran:?}");
    assert_eq!((home.effects(), home.jobs().await.len()), (0, 0), "told before anything was sent");
    drop(tiny);

    // It fills up while the service works: what was paid for is still there, and exporting it again is free.
    let disk = SmallDisk::mount(&home.work().join("small"), 52).unwrap();
    let make = home.command(&["make", CLIP, "-o", "small/clip.mp4", "--json"]);
    let making = tokio::spawn(ended(make));
    home.until("the message is sent", |home| home.messages().len() == 1).await;
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![1_u8; 52 * 1024 * 1024 - 8 * 4096]).unwrap();
    let report = making.await.unwrap().json();
    assert_eq!(
        (&report["state"], &report["error"]["code"]),
        (&json!("failed"), &json!("storage")),
        "{report:#}"
    );
    assert!(report["error"]["message"].as_str().unwrap().contains("disk is full"), "{report:#}");
    assert_eq!(report["error"]["money"], "spent", "{report:#}");
    let left: Vec<_> = std::fs::read_dir(&disk.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["ballast"], "no half video stays on a full disk");
    std::fs::remove_file(ballast).unwrap();
    playable(&home.run(&["export", "-o", "small/clip.mp4", "--json"]).await.ok());
    assert_eq!(home.charged(CLIP), [100]);
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_be_read() {
    let home = Home::new().await;
    std::fs::write(home.path().join("firstcut.toml"), "poll_s = [").unwrap();
    for words in [vec!["make", CLIP], vec!["credits"], vec!["jobs", "list"], vec!["serve"]] {
        let ran = home.run(&[words.as_slice(), &["--json"]].concat()).await;
        assert_eq!((refused(&ran).as_str(), ran.code), ("config", Some(11)), "{ran:?}");
        assert!(ran.stdout.contains("firstcut.toml"), "{ran:?}");
    }
    assert_eq!(std::fs::read(home.path().join("firstcut.toml")).unwrap(), b"poll_s = [", "left as it is");
    std::fs::remove_file(home.path().join("firstcut.toml")).unwrap();
    assert_eq!(home.effects(), 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_cannot_be_used() {
    use std::os::unix::fs::PermissionsExt;

    let mut home = Home::new().await;
    home.may_leave_jobs = true;
    let ledger = home.path().join("ledger.sqlite");
    let junk = b"this is no database, but it is somebody's".repeat(100);
    std::fs::write(&ledger, &junk).unwrap();
    let mut serve = home.serve().await;
    let text = serve.talk.call_error("generate_video", json!({"prompt": CLIP})).await;
    assert!(text.starts_with("ledger: "), "{text}");
    let text = serve.talk.call_error("list_jobs", json!({})).await;
    assert!(text.starts_with("ledger: "), "{text}");
    serve.hang_up().await;
    assert_eq!(refused(&home.run(&["make", CLIP, "--json"]).await), "ledger");
    assert_eq!(std::fs::read(&ledger).unwrap(), junk, "left as it is");

    std::fs::remove_file(&ledger).unwrap();
    home.run(&["jobs", "list", "--json"]).await.ok();
    std::fs::set_permissions(&ledger, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(refused(&home.run(&["make", CLIP, "--json"]).await), "ledger");
    assert_eq!(home.effects(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_somebody_holds_is_waited_for() {
    use sqlx::Connection as _;

    let home = Home::new().await;
    home.run(&["jobs", "list", "--json"]).await.ok();
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("ledger.sqlite"));
    let mut holder = sqlx::SqliteConnection::connect_with(&file).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let making = tokio::spawn(ended(home.command(&["make", CLIP, "--json"])));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(home.effects(), 0, "nothing leaves before its row is written");
    sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
    holder.close().await.unwrap();
    playable(&making.await.unwrap().ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_ones_own_is_never_swapped() {
    let mut home = Home::new().await;
    for (token, code) in
        [("two words", "config"), ("nmv_usr_0123456789abcdef0123456789abcdef", "unauthorized")]
    {
        home.set("NEMO_TOKEN", token);
        assert_eq!(refused(&home.run(&["credits", "--json"]).await), code);
        let ran = home.run(&["make", CLIP, "--json"]).await;
        let report = ran.json();
        assert_eq!(report["error"]["code"], code, "{ran:?}");
        assert_eq!(report["error"]["money"], "not_spent", "{ran:?}");
        assert!(!ran.stdout.contains(token) && !ran.stderr.contains(token), "{ran:?}");
    }
    assert!(home.requests("anonymous_token").is_empty(), "no other account was made");
    assert!(home.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_on_the_way() {
    let token = "nmv_usr_0123456789abcdef0123456789abcdef";
    let account = Account { token: token.into(), user_id: "42".into(), credits: 500, plan: Plan::Free };
    let mut home = Home::with(|options| options.accounts = vec![account]).await;
    home.sandbox.faults.add(Rule::once(Endpoint::RenderSubmit, Fault::ExpireToken));
    home.set("NEMO_TOKEN", token);
    let report = home.run(&["make", CLIP, "--json"]).await.json();
    assert_eq!(
        (&report["state"], &report["error"]["code"]),
        (&json!("failed"), &json!("unauthorized")),
        "{report:#}"
    );
    assert_eq!(report["error"]["money"], "spent", "{report:#}");
    assert!(home.requests("anonymous_token").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_set_back() {
    let mut home = Home::new().await;
    let there = home.sandbox.url.clone();
    home.set("NEMO_API_URL", "http://127.0.0.1:9");
    let mut make = home.start(&["make", CLIP]);
    home.job_that(|job| job.kind == firstcut::model::job::JobKind::Turn).await;
    crate::home::kill(&mut make).await;
    // As if all this had happened tomorrow.
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("ledger.sqlite"));
    let mut ledger = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&file).await.unwrap();
    sqlx::query(
        "UPDATE job SET created_at_ms = created_at_ms + 86400000, updated_at_ms = updated_at_ms + 86400000, \
         due_at_ms = due_at_ms + 86400000, lease_until_ms = lease_until_ms + 86400000",
    )
    .execute(&mut ledger)
    .await
    .unwrap();
    sqlx::Connection::close(ledger).await.unwrap();
    home.set("NEMO_API_URL", there);
    let id = home.jobs().await[0].id.to_string();
    playable(&home.run(&["jobs", "wait", &id, "--json"]).await.ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_nobody_knows() {
    let home = Home::new().await;
    let mut serve = home.serve().await;
    let job = "job_00000000000000000000000000000000";
    for tool in ["check_job", "cancel_job"] {
        let text = serve.talk.call_error(tool, json!({"job_id": job})).await;
        assert!(text.starts_with("not_found: "), "{text}");
    }
    for (tool, arguments) in [
        ("session_state", json!({"session_id": "7000000000000000001"})),
        ("upload", json!({"session_id": "7000000000000000001", "files": [home.write("a.png", PICTURE)]})),
    ] {
        let text = serve.talk.call_error(tool, arguments).await;
        assert!(text.starts_with("session_lost: "), "{tool}: {text}");
    }
    // Without a session, nothing can be meant.
    for (tool, arguments) in [
        ("session_state", json!({})),
        ("export", json!({})),
        ("edit_video", json!({"instruction": "add music"})),
    ] {
        let text = serve.talk.call_error(tool, arguments).await;
        assert!(text.starts_with("not_found: ") && text.contains("generate_video"), "{tool}: {text}");
    }
    serve.hang_up().await;
    let ran = home.run(&["jobs", "show", job, "--json"]).await;
    assert_eq!((refused(&ran).as_str(), ran.code), ("not_found", Some(10)));
    let edit = home.run(&["edit", "add music", "--session", "7000000000000000001", "--json"]).await;
    assert_eq!(edit.json()["error"]["code"], "session_lost", "{edit:?}");
    assert_eq!((home.messages().len(), home.requests("render_submit").len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_nothing() {
    let home = Home::new().await;
    let mut serve = home.serve().await;
    serve.talk.call_ok("upload", json!({"files": [home.write("a.png", PICTURE)]})).await;
    let answer = serve.talk.call("export", json!({"wait_seconds": 60})).await;
    let report: &Value = &answer["result"]["structuredContent"];
    assert_eq!(
        (&report["state"], &report["error"]["code"]),
        (&json!("failed"), &json!("empty_timeline")),
        "{answer:#}"
    );
    assert_eq!(answer["result"]["isError"], true, "{answer:#}");
    serve.hang_up().await;
    let ran = home.run(&["export", "--json"]).await;
    assert_eq!(ran.code, Some(19), "{ran:?}");
    assert_eq!(home.requests("render_submit").len(), 0);
}
