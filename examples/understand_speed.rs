//! How long routing and translating take: `cargo run --release --example understand_speed`.

use std::io::{self, Write};
use std::time::Instant;

use firstcut::nemo::{gui, route};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let routes = texts(include_str!("../data/understand/route.held.jsonl"))?;
    let replies = texts(include_str!("../data/understand/gui.held.jsonl"))?;
    let first = Instant::now();
    route::route("export");
    writeln!(out, "first call, with the tables read: {} µs", first.elapsed().as_micros())?;
    measure(&mut out, "route", &routes, |t| route::route(t).reasons.len())?;
    measure(&mut out, "gui", &replies, |t| gui::translate(t).actions.len())?;
    for len in [250_000, 500_000, 1_000_000] {
        let long = "and then open the panel, ".repeat(len / 25);
        measure(&mut out, &format!("gui, {len} bytes"), &[long], |t| gui::translate(t).actions.len())?;
    }
    Ok(())
}

fn texts(jsonl: &str) -> io::Result<Vec<String>> {
    jsonl
        .lines()
        .map(|l| {
            Ok(serde_json::from_str::<serde_json::Value>(l)?["text"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

fn measure(
    out: &mut impl Write,
    name: &str,
    texts: &[String],
    work: impl Fn(&str) -> usize,
) -> io::Result<()> {
    let rounds = if texts.len() > 1 { 20 } else { 1 };
    let start = Instant::now();
    let found: usize = (0..rounds).flat_map(|_| texts).map(|t| work(t)).sum();
    let each = start.elapsed().as_secs_f64() * 1e6 / (rounds * texts.len()) as f64;
    writeln!(out, "{name}: {each:.1} µs per message ({} messages, {found} findings)", texts.len())
}
