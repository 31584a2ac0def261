//! From a file of prompts to clips and posts, through the command line.

mod batch;
mod enhance;
mod kills;
mod posts;
mod retention;
mod routes;

use std::fmt::Write as _;

use serde_json::Value;

use crate::home::Ran;

/// A line for the cheapest clip that there is: twelve cents.
pub(crate) fn line(prompt: &str, key: &str) -> String {
    format!(
        "{{\"prompt\": \"{prompt}\", \"key\": \"{key}\", \"model\": \"veo-3.1-lite\", \"seconds\": 4, \"resolution\": \"720p\"}}\n"
    )
}

/// So many of them.
fn lines(many: usize) -> String {
    (1..=many).fold(String::new(), |mut text, number| {
        let _ = text.write_str(&line(&format!("lake number {number}"), &format!("k{number}")));
        text
    })
}

/// The JSON lines of a command.
fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}: {ran:?}")))
        .collect()
}

/// The last of them: how it ended.
fn end(ran: &Ran) -> Value {
    let end = events(ran).pop().unwrap_or_else(|| panic!("no end: {ran:?}"));
    assert_eq!(end["event"], "end", "{ran:?}");
    end
}
