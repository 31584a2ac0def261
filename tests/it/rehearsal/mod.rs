//! The embedded sandbox across processes: `--service sandbox` as a person uses it, one command after the other.

mod apart;
mod told;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn firstcut(home: &Path, words: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_firstcut"))
        .args(words)
        .args(["--service", "sandbox", "--json"])
        .env_clear()
        .env("FIRSTCUT_HOME", home)
        .env("FIRSTCUT_POLL_S", "0.1")
        .current_dir(home)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {told} {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&told).unwrap()
}

#[test]
fn one_command_after_the_other_works_on_the_same_timeline() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let before = firstcut(home, &["credits"]);
    let made = firstcut(home, &["make", "generate a 1-second 360p video of a lake"]);
    assert_eq!((&made["state"], &made["service"]), (&"done".into(), &"sandbox".into()));
    assert!(Path::new(made["files"][0]["path"].as_str().unwrap()).is_file());
    let state = firstcut(home, &["state"]);
    assert_eq!(state["session_id"], made["session_id"]);
    let edited = firstcut(home, &["edit", "add a title \"Second process\" at the top"]);
    assert!(edited["changes"].to_string().contains("Second process"), "{edited}");
    let exported = firstcut(home, &["export"]);
    assert_ne!(exported["files"][0]["path"], made["files"][0]["path"]);
    let after = firstcut(home, &["credits"]);
    assert!(after["available"].as_f64() < before["available"].as_f64());
    let again = firstcut(home, &["make", "generate a 1-second 360p video of a lake"]);
    assert_eq!(again["job_id"], made["job_id"], "the same words again are the same job");
    let other = firstcut(home, &["make", "generate a 1-second 360p video of a hill"]);
    assert_ne!(other["session_id"], made["session_id"], "a new video starts afresh");
}
