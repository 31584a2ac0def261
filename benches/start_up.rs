//! How soon `firstcut serve` answers, what it holds while nobody asks for anything, and how soon it is gone: every client that
//! lists our tools starts one, and most of them never call.
//!
//! `cargo bench --bench start_up`. In turns with `firstcut --version`, which only starts and ends. Medians, because the
//! machine may be busy; `FIRSTCUT_STARTS` sets how many of each. Memory is read on Linux only.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may stop at what it did not expect"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// From the start to the answer to `initialize`.
const MOST_TO_ANSWER: Duration = Duration::from_millis(10);
/// From the end of the input to the end of the process.
const MOST_TO_END: Duration = Duration::from_millis(50);
/// Resident, after the tools were listed.
const MOST_KIB: u64 = 15 * 1024;

/// One start.
struct Start {
    answered: Duration,
    listed: Duration,
    ended: Duration,
    resident_kib: Option<u64>,
}

fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firstcut"));
    command.env_clear().env("FIRSTCUT_HOME", home).current_dir(home).stderr(Stdio::null());
    command
}

fn start(home: &Path) -> Start {
    let begun = Instant::now();
    let mut server = program(home).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = server.stdin.take().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut ask = |message: Value| {
        writeln!(input, "{message}").unwrap();
        let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
        assert!(answer["result"].is_object(), "{answer}");
    };
    let who = json!({"name": "bench", "version": "1"});
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": who});
    ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}));
    let answered = begun.elapsed();
    let begun = Instant::now();
    ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}));
    let listed = begun.elapsed();
    let resident_kib = resident_kib(server.id());
    let begun = Instant::now();
    drop(input);
    assert!(server.wait().unwrap().success());
    Start { answered, listed, ended: begun.elapsed(), resident_kib }
}

fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn median<T: Ord + Copy>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

fn main() -> ExitCode {
    let starts = std::env::var("FIRSTCUT_STARTS").map_or(30, |text| text.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    let (mut all, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..starts {
        let begun = Instant::now();
        assert!(program(home.path()).arg("--version").stdout(Stdio::null()).status().unwrap().success());
        bare.push(begun.elapsed());
        all.push(start(home.path()));
    }
    let answered = median(all.iter().map(|one| one.answered)).unwrap();
    let ended = median(all.iter().map(|one| one.ended)).unwrap();
    let resident = median(all.iter().filter_map(|one| one.resident_kib));
    println!("{starts} starts of each in turns");
    println!("firstcut --version, start to end {:>9.1?}", median(bare.into_iter()).unwrap());
    println!("serve: start to initialize       {answered:>9.1?}  (at most {MOST_TO_ANSWER:?})");
    println!("serve: tools/list                {:>9.1?}", median(all.iter().map(|one| one.listed)).unwrap());
    println!("serve: end of input to its end   {ended:>9.1?}  (at most {MOST_TO_END:?})");
    if let Some(kib) = resident {
        let mib = |kib: u64| f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0;
        println!(
            "serve: resident                  {:>6.1} MiB  (at most {:.0} MiB)",
            mib(kib),
            mib(MOST_KIB)
        );
    }
    let met =
        answered <= MOST_TO_ANSWER && ended <= MOST_TO_END && resident.is_none_or(|kib| kib <= MOST_KIB);
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
