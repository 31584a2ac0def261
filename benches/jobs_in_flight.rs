//! A thousand jobs at work at the service, moved by one process: it stays small and asks as often as it should.
//!
//! `cargo bench --bench jobs_in_flight` (Linux). The sandbox and the orders are here, the worker is a process of its
//! own, so that only the worker is measured. `FIRSTCUT_IN_FLIGHT` sets the number of jobs.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may stop at what it did not expect"
)]

use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::jobs::plan::{Caller, Door, GenerateInput};
use firstcut::jobs::submit;
use firstcut::sandbox::{Clips, Options, Pace, Sandbox, Usd, WHOLESALE_KEY};

/// What the worker may hold resident.
const MOST_KIB: u64 = 80 * 1024;
/// Between two questions about a job: the program's own pause at SkillBoss.
const POLL_S: f64 = 7.5;
/// Of the questions that should be asked, so many must be.
const KEPT: f64 = 0.9;
const MEASURED: Duration = Duration::from_secs(30);

/// A figure of `/proc`, in its own unit.
fn figure(worker: &Child, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
}

/// Seconds of processor time that the worker has used.
fn cpu_s(worker: &Child) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", worker.id())).unwrap();
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

fn asked(sandbox: &Sandbox) -> usize {
    sandbox.log.requests().unwrap().iter().filter(|entry| entry.endpoint == "run_status").count()
}

async fn order(app: &App, caller: &Caller, number: usize) {
    let input = GenerateInput {
        prompt: format!("lake number {number}"),
        model: Some("veo-3.1-lite".to_owned()),
        duration_seconds: Some(4.0),
        resolution: Some("720p".to_owned()),
        ..GenerateInput::default()
    };
    submit::generate(app, caller, input).await.unwrap();
}

fn main() -> ExitCode {
    let jobs = std::env::var("FIRSTCUT_IN_FLIGHT").map_or(1_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut options = Options::in_folder(folder.path().join("service"));
    options.pace = Pace::REAL;
    options.skillboss.clips = Clips::Tiny;
    options.skillboss.balance_usd = Usd::cents(1_000_000);
    // Longer than anybody looks.
    options.skillboss.work_ms = 3_600_000;
    let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
    let vars = [
        ("HOME", home.display().to_string()),
        ("FIRSTCUT_HOME", home.display().to_string()),
        ("FIRSTCUT_SERVICE", "skillboss".to_owned()),
        ("FIRSTCUT_ALLOW_LOOPBACK", "1".to_owned()),
        ("FIRSTCUT_POLL_S", POLL_S.to_string()),
        ("SKILLBOSS_WHOLESALE_KEY", WHOLESALE_KEY.to_owned()),
        ("SKILLBOSS_API_URL", sandbox.skillboss.api_url()),
        ("SKILLBOSS_WEB_URL", sandbox.url.clone()),
    ];

    let mut around = Surroundings::only(&home);
    for (name, value) in &vars {
        around = around.and(name, value);
    }
    let app = App::build(Config::load(&Overrides::default(), &around).unwrap());
    let caller = Caller { door: Door::Cli, working_dir: home.clone() };
    runtime.block_on(async {
        for number in 0..jobs {
            order(&app, &caller, number).await;
        }
    });
    println!("{jobs} jobs are ordered");

    let begun = Instant::now();
    let mut worker = Command::new(env!("CARGO_BIN_EXE_firstcut"))
        .arg("worker")
        .env_clear()
        .envs(vars)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while sandbox.skillboss.submissions().len() < jobs {
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("all are sent after {:.1} s", begun.elapsed().as_secs_f64());
    // Until the pace has found its rate.
    std::thread::sleep(Duration::from_secs_f64(2.0 * POLL_S));

    let (before, spent, from) = (asked(&sandbox), cpu_s(&worker), Instant::now());
    std::thread::sleep(MEASURED);
    let seconds = from.elapsed().as_secs_f64();
    let rate = (asked(&sandbox) - before) as f64 / seconds;
    let wanted = jobs as f64 / POLL_S;
    let busy = (cpu_s(&worker) - spent) / seconds;
    let held = figure(&worker, "VmHWM");
    worker.kill().unwrap();
    worker.wait().unwrap();
    println!("{rate:.1} questions a second of {wanted:.1} wanted, with {:.0} % of a core", busy * 100.0);
    println!("at most {:.1} MiB resident", held as f64 / 1024.0);
    if rate >= wanted * KEPT && held < MOST_KIB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
