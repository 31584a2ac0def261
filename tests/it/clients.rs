//! The official clients against the built program. They need Node and Python packages, so they run only where
//! `tests/clients/install.sh DIR` put them: set `FIRSTCUT_CLIENTS=DIR`.
#![allow(clippy::print_stdout, reason = "the checks that a client made")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the clients, or a loud word that they are not tried.
pub(crate) fn clients(script: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("FIRSTCUT_CLIENTS").map(PathBuf::from);
    if dir.is_none() {
        // Written past the test harness, which would swallow it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {script} was not run. Install the clients with tests/clients/install.sh DIR, \
             then run the tests with FIRSTCUT_CLIENTS=DIR."
        );
    }
    dir
}

/// Runs one script; what it printed is the message of a failure.
fn run(script: &str, command: impl FnOnce(&Path, &Path) -> Command) {
    let Some(dir) = clients(script) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let output = command(&folder.join(script), &dir).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{script} failed:\n{said}\n{complained}");
}

const BINARY: &str = env!("CARGO_BIN_EXE_firstcut");

#[test]
fn the_inspector_calls_every_tool() {
    run("inspector.sh", |script, dir| {
        let mut command = Command::new("bash");
        command.arg(script).arg(BINARY).arg(dir);
        command
    });
}

#[test]
fn the_python_client_makes_a_video() {
    run("python/session.py", |script, dir| {
        let mut command = Command::new(dir.join("venv/bin/python"));
        command.arg(script).arg(BINARY);
        command
    });
}

#[test]
fn the_typescript_client_makes_a_video() {
    run("typescript/session.mjs", |script, dir| {
        let mut command = Command::new("node");
        command.arg(script).arg(BINARY).arg(dir);
        command
    });
}

#[test]
fn claude_code_makes_a_video() {
    run("claude/session.mjs", |script, dir| {
        let mut command = Command::new("node");
        command.arg(script).arg(BINARY).arg(dir);
        command
    });
}

#[test]
fn the_page_in_the_chat_works_in_a_browser() {
    run("page/session.mjs", |script, dir| {
        let pictures = dir.with_file_name("page");
        let mut command = Command::new("node");
        command.arg(script).arg(BINARY).arg(dir).arg(pictures);
        command
    });
}

#[test]
fn the_packages_are_valid() {
    run("../../scripts/pack.sh", |script, dir| {
        let mut command = Command::new("sh");
        command.arg(script).arg(BINARY).arg(dir).arg(dir.with_file_name("packages"));
        command
    });
}
