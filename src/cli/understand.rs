//! `firstcut understand`: the routing and the GUI translation as JSON lines, so that anyone can score them.

use std::io::{self, BufRead, Write};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Exit;
use super::report::Out;
use crate::error::{Error, Result};
use crate::nemo::{gui, route};

/// The command.
#[derive(Args, Debug)]
pub(super) struct Understand {
    /// route: a user's words to an action; gui: a backend's reply to clean text and actions
    kind: Kind,
    /// Also say why
    #[arg(long)]
    explain: bool,
}

impl Understand {
    pub(super) fn run(&self, out: Out) -> Result<Exit> {
        out.stream(|output| run(self.kind, self.explain, io::stdin().lock(), output)).map_err(|error| {
            Error::invalid(format!("The input cannot be read: {error}."))
                .next("Give one JSON object a line, such as {\"id\": \"1\", \"text\": \"export it\"}.")
                .because(error)
        })?;
        Ok(0)
    }
}

/// Which of the two is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A user's words to an action.
    Route,
    /// A backend's reply to clean text and actions.
    Gui,
}

/// One line of input; without an id the answer carries the text, so that it can still be matched.
#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    text: String,
}

/// Answers each JSON line `{"id","text"}` of `input` with one JSON line: `{"id","action","also"}` for a route,
/// `{"id","actions","clean"}` for a reply; with `explain` also the reasons. Blank lines are passed over.
///
/// # Errors
/// A line that is no such object ends the run with [`io::ErrorKind::InvalidData`] and its number; reading and writing
/// errors are passed on.
pub fn run(kind: Kind, explain: bool, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    for (number, line) in input.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let question: Question = serde_json::from_str(&line)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {e}", number + 1)))?;
        writeln!(output, "{}", answer(kind, explain, &question))?;
    }
    output.flush()
}

fn answer(kind: Kind, explain: bool, question: &Question) -> Value {
    let (mut answer, reasons) = match kind {
        Kind::Route => {
            let route = route::route(&question.text);
            (json!({"action": route.action, "also": route.also}), json!(route.reasons))
        }
        Kind::Gui => {
            let said = gui::translate(&question.text);
            (json!({"actions": said.actions, "clean": said.text}), json!(said.reasons))
        }
    };
    let (key, value) =
        if question.id.is_null() { ("text", json!(question.text)) } else { ("id", question.id.clone()) };
    answer[key] = value;
    if explain {
        answer["reasons"] = reasons;
    }
    answer
}
