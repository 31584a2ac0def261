//! What work costs: time by the clock and by the CPU, side by side.

use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// The cost of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall_s: f64,
    /// Not a number where the system does not tell.
    pub(crate) cpu_s: f64,
}

impl Cost {
    /// The lower of each.
    pub(crate) fn best(self, other: Self) -> Self {
        Self { wall_s: self.wall_s.min(other.wall_s), cpu_s: self.cpu_s.min(other.cpu_s) }
    }
}

/// CPU seconds of this process and of its children that have ended.
fn cpu_s() -> (f64, f64) {
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    match fields.as_slice() {
        [user, system, child_user, child_system] => {
            ((user + system) / TICKS_PER_SECOND, (child_user + child_system) / TICKS_PER_SECOND)
        }
        _ => (f64::NAN, f64::NAN),
    }
}

/// The most memory that this process ever held.
pub(crate) fn most_held_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// Runs something here.
pub(crate) fn timed(work: impl FnOnce()) -> Cost {
    let (begun, before) = (Instant::now(), cpu_s());
    work();
    Cost { wall_s: begun.elapsed().as_secs_f64(), cpu_s: cpu_s().0 - before.0 }
}

/// ffmpeg with these words and no others around.
pub(crate) fn silent(words: &[&str]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).args(words).stdin(Stdio::null());
    command
}

/// The output of a command that went well; none when it does not exist.
pub(crate) fn run(mut command: Command) -> Option<Output> {
    let output = command.output().ok()?;
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output)
}

/// Runs ffmpeg and gives what it cost.
pub(crate) fn ffmpeg(input: &[&str], output: &[&str]) -> Cost {
    let (begun, before) = (Instant::now(), cpu_s());
    run(silent(&[input, output].concat())).unwrap();
    Cost { wall_s: begun.elapsed().as_secs_f64(), cpu_s: cpu_s().1 - before.1 }
}

/// What a figure is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

impl Bar {
    fn met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }
}

/// Every figure of this run beside its bar.
#[derive(Default)]
pub(crate) struct Board(Vec<(String, f64, Bar)>);

impl Board {
    pub(crate) fn add(&mut self, what: impl Into<String>, figure: f64, bar: Bar) {
        self.0.push((what.into(), figure, bar));
    }

    /// The ratio of two costs, by the clock and by the CPU.
    pub(crate) fn ratio(&mut self, what: &str, (ours, theirs): (Cost, Cost), bar: Bar) {
        self.add(format!("{what}, by the clock"), ours.wall_s / theirs.wall_s, bar);
        self.add(format!("{what}, by CPU time"), ours.cpu_s / theirs.cpu_s, bar);
    }

    pub(crate) fn print(&self) {
        println!("\n{:<62} {:>8} {:>10}  met", "", "figure", "bar");
        for (what, figure, bar) in &self.0 {
            let limit = match bar {
                Bar::AtMost(limit) => format!("≤ {limit}"),
                Bar::AtLeast(limit) => format!("≥ {limit}"),
            };
            let met = if bar.met(*figure) { "yes" } else { "NO" };
            println!("{what:<62} {figure:>8.2} {limit:>10}  {met}");
        }
    }
}

/// Runs both in turns and prints the ratio of the best; gives the two.
pub(crate) fn beside(
    name: &str,
    rounds: usize,
    mut ours: impl FnMut() -> Cost,
    mut theirs: impl FnMut() -> Cost,
) -> (Cost, Cost) {
    let (mut a, mut b) = (ours(), theirs());
    for _ in 1..rounds {
        (a, b) = (a.best(ours()), b.best(theirs()));
    }
    println!(
        "{name}: {:.2} times the clock, {:.2} times the CPU – ours {:.2} s, {:.2} s CPU; theirs {:.2} s, {:.2} s CPU",
        a.wall_s / b.wall_s,
        a.cpu_s / b.cpu_s,
        a.wall_s,
        a.cpu_s,
        b.wall_s,
        b.cpu_s
    );
    (a, b)
}
