//! Learns the weights of `firstcut::nemo::route::guess` from labelled messages.
//!
//! With `--cross`, nothing is written: each file in turn is left out and read with what the others teach; the
//! readings go to standard output as JSON lines that say what was meant, what the rules say and the chances.
//!
//!     cargo run --example understand_train -- data/understand/route.*.jsonl
//!     cargo run --example understand_train -- --cross data/understand/route.*.jsonl

use std::collections::HashMap;
use std::io::{self, Write};

use firstcut::nemo::route::{self, guess};
use serde_json::{Value, json};

const EPOCHS: usize = 12;
const RATE: f32 = 0.5;
const DECAY: f32 = 2e-5;
/// A family (a way of saying one thing) weighs as much as this many messages, however many it has. Lessons (`ls_`) are
/// no families: no two of them say the same.
const FAMILY: f32 = 4.0;
const LEAST: f32 = 0.25;

struct Item {
    file: usize,
    row: Value,
    found: Vec<u32>,
    action: usize,
    weight: f32,
}

type Weights = Vec<[f32; 5]>;

fn main() -> io::Result<()> {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let items = read(&files)?;
    let mut out = io::stdout().lock();
    if flags.iter().any(|f| f == "--cross") {
        for (file, name) in files.iter().enumerate() {
            let (tests, lessons): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|i| i.file == file);
            let weights = learn(&lessons);
            for item in tests {
                let rules = route::by_rules(text(&item.row));
                let reasons: Vec<_> = rules.reasons.iter().map(|r| (r.intent, r.rule, r.weight)).collect();
                let chances = chances(&weights, &item.found);
                let meant = &item.row["action"];
                let row = json!({"file": name, "text": item.row["text"], "gold": meant, "rules": rules.action, "reasons": reasons, "p": chances});
                writeln!(out, "{row}")?;
            }
        }
        return Ok(());
    }
    let weights = learn(&items.iter().collect::<Vec<_>>());
    let top = weights.iter().flatten().fold(0.0_f32, |top, w| top.max(w.abs()));
    let scale = top / 127.0;
    let mut bytes = scale.to_le_bytes().to_vec();
    bytes.extend(weights.iter().flatten().map(|w| ((w / scale).round() as i8).cast_unsigned()));
    std::fs::write(guess::FILE, bytes)?;
    writeln!(out, "learnt from {} messages", items.len())
}

fn text(row: &Value) -> &str {
    row["text"].as_str().unwrap_or_default()
}

fn read(files: &[String]) -> io::Result<Vec<Item>> {
    let mut items = Vec::new();
    for (file, name) in files.iter().enumerate() {
        for line in std::fs::read_to_string(name)?.lines() {
            let row: Value = serde_json::from_str(line)?;
            let named = |a: &route::Intent| json!(a) == row["action"];
            let Some(action) = guess::ACTIONS.iter().position(named) else {
                return Err(io::Error::other(format!("{name}: no action in {line}")));
            };
            items.push(Item { file, found: guess::features(text(&row)), row, action, weight: 1.0 });
        }
    }
    let mut sizes: HashMap<(usize, String), f32> = HashMap::new();
    let family = |i: &Item| (i.file, i.row["family"].as_str().unwrap_or_default().to_owned());
    for item in &items {
        *sizes.entry(family(item)).or_default() += 1.0;
    }
    for item in &mut items {
        let (file, name) = family(item);
        let lesson = name.starts_with("ls_");
        let size = sizes.get(&(file, name)).copied().unwrap_or(1.0);
        item.weight = if lesson { 1.0 } else { (FAMILY / size).clamp(LEAST, 1.0) };
    }
    Ok(items)
}

fn chances(weights: &Weights, found: &[u32]) -> [f32; 5] {
    let mut sums = [0.0_f32; 5];
    for &bucket in found {
        for (sum, w) in sums.iter_mut().zip(weights[bucket as usize]) {
            *sum += w;
        }
    }
    guess::softmax(sums.map(|s| s / (found.len().max(1) as f32).sqrt()))
}

/// Multinomial logistic regression by `AdaGrad`, in an order that is shuffled but always the same.
fn learn(items: &[&Item]) -> Weights {
    let mut weights: Weights = vec![[0.0; 5]; guess::BUCKETS];
    let mut steps: Weights = vec![[1e-3; 5]; guess::BUCKETS];
    let mut order: Vec<usize> = (0..items.len()).collect();
    let mut seed = 1_u64;
    for _ in 0..EPOCHS {
        for i in (1..order.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(i, (seed >> 33) as usize % (i + 1));
        }
        for &n in &order {
            let item = items[n];
            let read = chances(&weights, &item.found);
            let share = item.weight / (item.found.len().max(1) as f32).sqrt();
            for (action, chance) in read.into_iter().enumerate() {
                let error = (chance - f32::from(u8::from(action == item.action))) * share;
                for &bucket in &item.found {
                    let weight = &mut weights[bucket as usize][action];
                    let step = &mut steps[bucket as usize][action];
                    let slope = error + DECAY * *weight;
                    *step += slope * slope;
                    *weight -= RATE * slope / step.sqrt();
                }
            }
        }
    }
    weights
}
