//! The command line as a person or a script meets it: the real program, in a home of its own.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_firstcut");

/// A home that nobody else uses.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).env_clear().env("FIRSTCUT_HOME", self.path()).env("HOME", self.path());
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

#[test]
fn help_is_what_the_readme_promises() {
    let home = Home::new();
    for words in [
        vec!["--help"],
        vec!["make", "--help"],
        vec!["edit", "--help"],
        vec!["state", "--help"],
        vec!["credits", "--help"],
        vec!["upload", "--help"],
        vec!["export", "--help"],
        vec!["join", "--help"],
        vec!["jobs", "--help"],
        vec!["jobs", "list", "--help"],
        vec!["jobs", "show", "--help"],
        vec!["jobs", "wait", "--help"],
        vec!["serve", "--help"],
        vec!["sandbox", "--help"],
        vec!["install", "--help"],
        vec!["doctor", "--help"],
        vec!["probe", "--help"],
        vec!["understand", "--help"],
        vec!["completions", "--help"],
    ] {
        let output = home.run(&words);
        assert!(output.status.success(), "{words:?}");
        insta::assert_snapshot!(words.join(" ").replace("--help", "help").replace(' ', "-"), stdout(&output));
    }
    assert!(!home.path().join("ledger.sqlite").exists(), "help opens nothing");
}

#[test]
fn mistakes_on_the_command_line_end_with_2() {
    let home = Home::new();
    for words in [
        vec![],
        vec!["mak", "x"],
        vec!["make"],
        vec!["make", "x", "--duration", "ten"],
        vec!["make", "x", "--duration", "NaN"],
        vec!["make", "x", "--service", "sora"],
        vec!["make", "x", "--wait", "-1"],
        vec!["make", "x", "--fps", "24"],
        vec!["jobs", "list", "--limit", "0"],
        vec!["jobs", "show", "job_1"],
        vec!["jobs", "list", "--state", "lost"],
    ] {
        let output = home.run(&words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{words:?}");
        assert!(!output.stderr.is_empty(), "{words:?}");
    }
    let output = home.run(&["make", "x", "--duration", "ten"]);
    insta::assert_snapshot!(stderr(&output), @r"
    error: invalid value 'ten' for '--duration <SECONDS>': give a number of seconds, such as 10

    For more information, try '--help'.
    ");
}

#[test]
fn with_json_every_error_is_one_object_on_stdout() {
    let home = Home::new();
    for (words, code, exit) in [
        (vec!["make", "x", "--duration", "ten", "--json"], "invalid_input", 2),
        (vec!["--json", "mak"], "invalid_input", 2),
        (vec!["jobs", "show", "nonsense", "--json"], "invalid_input", 2),
        (vec!["probe", "nothing.mp4", "--json"], "not_found", 10),
        (vec!["--home", "firstcut.toml", "state", "--json"], "config", 11),
    ] {
        std::fs::write(home.path().join("firstcut.toml"), "").unwrap();
        let output = home.run(&words);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {}", stderr(&output));
        let error = &json(&output)["error"];
        assert_eq!(error["code"], code, "{words:?}");
        for field in ["message", "next", "money"] {
            assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{words:?}: {field}");
        }
        assert_eq!(error["money"], "not_spent", "{words:?}");
    }
}

#[test]
fn wrong_settings_stop_every_command_and_show_no_secret() {
    let home = Home::new();
    for words in
        [vec!["credits"], vec!["serve"], vec!["doctor"], vec!["make", "a sunset"], vec!["jobs", "list"]]
    {
        let mut command = home.command(&words);
        command.env("NEMO_TOKEN", "nmv_usr_CANARY 0123456789").env("FIRSTCUT_POLL_S", "soon");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(11), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        assert!(!stderr(&output).contains("CANARY"), "{words:?}");
    }
    let output = home.command(&["credits"]).env("NEMO_TOKEN", "Bearer x").output().unwrap();
    insta::assert_snapshot!(stderr(&output), @r"
    error: NEMO_TOKEN (environment) holds a blank or a line end.
      next: Copy it again, without spaces, line ends, quotation marks or the word Bearer; or unset it to use an anonymous account. A token that is set is never silently swapped for an anonymous account.
    ");
}

#[test]
fn completions_know_our_words() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = home.run(&["completions", shell]);
        assert!(output.status.success(), "{shell}");
        assert!(stdout(&output).contains("reference-image"), "{shell}");
    }
    assert!(
        json(&home.run(&["completions", "bash", "--json"]))["script"].as_str().unwrap().contains("firstcut")
    );
}

#[test]
fn probe_says_what_is_in_a_file() {
    let home = Home::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/media/h264-high-bframes-aac.mp4");
    let output = home.run(&["probe", file, "--json"]);
    assert!(output.status.success());
    let found = json(&output);
    assert_eq!(found["kind"], "video");
    assert_eq!(found["video_codec"], "h264");
    assert_eq!(found["audio_codec"], "aac");
    for field in ["duration_s", "width", "height", "fps"] {
        assert!(found[field].as_f64().is_some_and(|number| number > 0.0), "{field}");
    }
    assert!(found["faststart"].is_boolean());
    assert!(stdout(&home.run(&["probe", file])).contains("h264"));

    std::fs::write(home.path().join("text.mp4"), "no video").unwrap();
    assert_eq!(home.run(&["probe", "text.mp4"]).status.code(), Some(15));
    assert_eq!(home.run(&["probe", "."]).status.code(), Some(2));
}

#[test]
fn probe_checks_a_file_and_the_strict_take_only_what_was_seen() {
    let home = Home::new();
    let fixture = |name| format!("{}/tests/fixtures/media/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(home.path().join("page.mp4"), "<html></html>").unwrap();
    let cut = std::fs::read(fixture("late-index.mp4")).unwrap();
    std::fs::write(home.path().join("cut.mp4"), &cut[..cut.len() / 2]).unwrap();
    for (name, more, verdict, point) in [
        (
            "h264-high-bframes-aac.mp4",
            &["--duration", "1.6", "--aspect", "16:9", "--audio"][..],
            "pass",
            "motion",
        ),
        ("h264-high-bframes-aac.mp4", &["--duration", "8"], "fail", "duration"),
        ("h264-high-bframes-aac.mp4", &["--aspect", "9:16"], "fail", "aspect"),
        ("h264-high-bframes-aac.mp4", &["--resolution", "1080p"], "fail", "resolution"),
        ("h264-baseline-cropped.mp4", &["--audio"], "fail", "sound"),
        ("black-silent.mp4", &[], "fail", "start"),
        ("late-index.mp4", &[], "warn", "faststart"),
        ("hevc.mp4", &[], "unknown", "pictures"),
        ("av1.mp4", &[], "unknown", "pictures"),
        ("h264-10bit.mp4", &[], "unknown", "pictures"),
        ("sound-only.mp4", &[], "fail", "pictures"),
        ("vp9-opus.webm", &[], "fail", "container"),
        ("page.mp4", &[], "fail", "container"),
        ("cut.mp4", &[], "fail", "complete"),
    ] {
        let file = if home.path().join(name).exists() { name.to_owned() } else { fixture(name) };
        let mut words = vec!["probe", &file, "--check", "--json"];
        words.extend(more);
        let output = home.run(&words);
        let told = json(&output);
        let code = if verdict == "fail" { 33 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{name}: {told:#}");
        assert_eq!(told["verdict"], verdict, "{name}: {told:#}");
        let check = told["checks"].as_array().unwrap().iter().find(|check| check["point"] == point);
        assert_eq!(check.unwrap_or_else(|| panic!("{told:#}"))["verdict"], verdict, "{name}");
        words.push("--strict");
        let passes = matches!(verdict, "pass" | "warn");
        assert_eq!(home.run(&words).status.code(), Some(if passes { 0 } else { 33 }), "{name}");
    }
    let text = stdout(&home.run(&["probe", &fixture("black-silent.mp4"), "--check"]));
    assert!(text.contains("fail     start"), "{text}");
    assert_eq!(home.run(&["probe", "nothing.mp4", "--check"]).status.code(), Some(10));
    assert_eq!(home.run(&["probe", "page.mp4", "--strict"]).status.code(), Some(2));
}

/// Who says how something is posted, and not where, is asked; nothing is made without its posts.
#[test]
fn a_post_without_a_channel_is_refused() {
    let home = Home::new();
    let posts: [&[&str]; 5] = [
        &["--caption", "Waves."],
        &["--when", "queue"],
        &["--schedule"],
        &["--draft"],
        &["--scheduler", "buffer"],
    ];
    for command in [&["make", "a lake"][..], &["export"], &["publish", "clip.mp4"]] {
        for wish in posts {
            let output = home.run(&[command, wish].concat());
            assert_eq!(output.status.code(), Some(2), "{command:?} {wish:?}");
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(told.contains("--channel"), "{command:?} {wish:?}: {told}");
        }
    }
    assert!(!home.path().join("ledger.sqlite").exists());
}

#[test]
fn join_makes_one_file_and_overwrites_nothing() {
    let home = Home::new();
    let fixture = |name| format!("{}/tests/fixtures/media/{name}", env!("CARGO_MANIFEST_DIR"));
    let (clip, odd) = (fixture("h264-high-bframes-aac.mp4"), fixture("h264-baseline-cropped.mp4"));
    let output = home.run(&["join", &clip, &odd, &clip, "-o", "all.mp4", "--json"]);
    let told = json(&output);
    assert!(output.status.success(), "{told}");
    assert_eq!(told["path"], home.path().canonicalize().unwrap().join("all.mp4").to_str().unwrap());
    let how: Vec<_> = told["parts"].as_array().unwrap().iter().map(|part| part["how"].clone()).collect();
    assert_eq!(how, ["copied", "reencoded", "copied"]);
    let probed = json(&home.run(&["probe", "all.mp4", "--json"]));
    assert_eq!((&probed["faststart"], &probed["truncated"]), (&Value::Bool(true), &Value::Bool(false)));
    assert!((probed["duration_s"].as_f64().unwrap() - 4.2).abs() < 0.01);

    let again = home.run(&["join", &clip, &clip, "-o", "all.mp4"]);
    assert!(stdout(&again).contains("all-2.mp4") && stdout(&again).contains("copied as they are"));
    for (words, code) in [
        (vec!["join", &clip, &fixture("hevc.mp4"), &clip, "-o", "x.mp4"], 15),
        (vec!["join", &clip, "nothing.mp4", "-o", "x.mp4"], 10),
        (vec!["join", &clip, "-o", "x.mov"], 2),
        (vec!["join", &clip], 2),
    ] {
        assert_eq!(home.run(&words).status.code(), Some(code), "{words:?}");
    }
    let left = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_str().unwrap().contains("x.m")).collect();
    assert!(left.is_empty(), "{left:?}");
    let output = home
        .command(&["join", &clip, "-o", "y.mp4", "--json"])
        .env("FIRSTCUT_FFMPEG", home.path().join("no-ffmpeg"))
        .output()
        .unwrap();
    assert_eq!(json(&output)["error"]["code"], "config");
}

#[test]
fn doctor_names_what_is_set_and_each_problem_with_its_fix() {
    let home = Home::new();
    std::fs::write(home.path().join("firstcut.toml"), "[nemo]\ntoken = 'nmv_usr_CANARY0123456789'").unwrap();
    std::fs::write(home.path().join("taken"), "").unwrap();
    let output = home
        .command(&["doctor", "--offline", "--json"])
        .env("FIRSTCUT_OUTPUT", home.path().join("taken/videos"))
        .output()
        .unwrap();
    let found = json(&output);
    assert_eq!(output.status.code(), Some(26), "{found}");
    assert_eq!(found["ok"], false);
    assert!(!stdout(&output).contains("CANARY"));
    let setting = |name: &str| {
        found["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap().clone()
    };
    assert_eq!(setting("FIRSTCUT_OUTPUT")["source"], "environment");
    assert!(setting("NEMO_TOKEN")["source"].as_str().unwrap().starts_with("nemo.token in "));
    let check = |name: &str| {
        found["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone()
    };
    assert_eq!(check("data folder")["health"], "ok");
    assert_eq!(check("output folder")["health"], "problem");
    assert!(check("output folder")["fix"].as_str().unwrap().contains("FIRSTCUT_OUTPUT"));
    assert_eq!(check("service")["health"], "skipped");
    if cfg!(unix) {
        assert!(check("settings file")["fix"].as_str().unwrap().starts_with("chmod 600"));
    }
}
