//! The stable door over standard input and output, for scoring.
use std::io::{self, BufRead, Write};
fn main() -> io::Result<()> {
    let kind = std::env::args().nth(1).unwrap_or_default();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let v: serde_json::Value = serde_json::from_str(&line).map_err(io::Error::other)?;
        let text = v["text"].as_str().unwrap_or_default();
        if kind == "route" {
            let r = firstcut::nemo::route::route(text);
            writeln!(out, "{}", serde_json::json!({"id": v["id"], "action": r.action, "also": r.also, "reasons": r.reasons}))?;
        }
    }
    Ok(())
}
