//! The built program behind real pipes: what it prints, how it leaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::{AT_ONCE, initialize_params};

/// The program as a client starts it, with the most talkative log.
struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    _home: tempfile::TempDir,
}

impl Program {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_firstcut"))
            .arg("serve")
            .current_dir(home.path())
            .env("FIRSTCUT_HOME", home.path())
            .env("FIRSTCUT_SERVICE", "sandbox")
            .env("FIRSTCUT_LOG", "trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A full pipe would hold the program up.
            .stderr(Stdio::from(tempfile::tempfile().unwrap()))
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout, _home: home }
    }

    fn request(&mut self, id: u64, method: &str, params: Value) -> Value {
        let line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.stdout.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).expect("standard output belongs to the protocol");
        assert_eq!(answer["id"], id);
        answer
    }

    /// Waits for the end and gives back the exit code and what was still printed.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

#[test]
fn standard_output_is_pure_and_the_end_is_quick() {
    let mut program = Program::start();
    program.request(1, "initialize", initialize_params());
    program.request(2, "tools/list", json!({}));
    let refused =
        program.request(3, "tools/call", json!({"name": "check_job", "arguments": {"job_id": "x"}}));
    assert_eq!(refused["result"]["isError"], true);
    let began = Instant::now();
    drop(program.stdin.take());
    let (code, rest) = program.end();
    println!("left {:?} after the end of input", began.elapsed());
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert!(began.elapsed() < AT_ONCE, "the SDK's five seconds of patience are not ours");
}

#[test]
fn a_probe_that_leaves_is_no_failure() {
    let mut program = Program::start();
    let answer = program.request(1, "server/discover", json!({"_meta": super::modern_meta()}));
    assert!(answer["result"]["supportedVersions"].to_string().contains("2026-07-28"), "{answer}");
    drop(program.stdin.take());
    assert_eq!(program.end(), (Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_in_order() {
    let mut program = Program::start();
    program.request(1, "initialize", initialize_params());
    crate::havoc::signal(Some(program.child.id()), "-TERM");
    // Its input stays open.
    let stdin = program.stdin.take();
    assert_eq!(program.end(), (Some(0), String::new()));
    drop(stdin);
}
