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

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(kind: Kind, explain: bool, input: &str) -> Vec<Value> {
        let mut out = Vec::new();
        run(kind, explain, input.as_bytes(), &mut out).expect("well-formed lines");
        out.split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).expect("a line of JSON"))
            .collect()
    }

    #[test]
    fn each_line_is_answered_under_its_id_or_its_text() {
        let got = answers(Kind::Route, false, "{\"id\":7,\"text\":\"export\"}\n\n{\"text\":\"credits?\"}\n");
        assert_eq!(
            got,
            [
                json!({"action": "export", "also": [], "id": 7}),
                json!({"action": "credits", "also": [], "text": "credits?"})
            ]
        );
        let got = answers(Kind::Gui, true, "{\"id\":\"a\",\"text\":\"Done. Click Save.\"}");
        assert_eq!(
            got[0]["actions"],
            json!([{"action": "execute_via_api", "when": "now", "target": "Save"}])
        );
        assert_eq!(
            (got[0]["clean"].as_str(), got[0]["reasons"][0]["clause"].as_str()),
            (Some("Done."), Some("Click Save"))
        );
    }

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        let error =
            run(Kind::Gui, false, "{\"text\":\"a\"}\nnonsense".as_bytes(), Vec::new()).expect_err("no JSON");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().starts_with("line 2"), "{error}");
    }

    /// A small generator of numbers, the same in every run.
    fn random(seed: &mut u64) -> usize {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed >> 11) as usize
    }

    const SCRAPS: &[&str] = &[
        "export",
        "click",
        "Open",
        "把",
        "拖到",
        "导出",
        "的",
        "“",
        "”",
        "\"",
        "'",
        "**",
        "`",
        ". ",
        ", ",
        "？",
        "\n",
        "1. ",
        "- ",
        "don't",
        "if",
        "then",
        "panel",
        "时间轴",
        "Apply",
        "/a/b.mp4",
        "C:\\",
        "https://",
        "~/",
        "📎",
        "…",
        ":",
        "：",
        "：\n",
        "(",
        "＞",
        "→",
        "を",
        "書き出し",
        "\u{200b}",
        "\u{feff}",
        "ß",
        "İ",
        "0:03",
        "9.",
        " ",
        "so",
        "to",
        "your",
        "credits",
        "更",
        "吗",
    ];

    #[test]
    fn any_text_has_an_answer() {
        let mut seed = 0x9e37_79b9_7f4a_7c15;
        for round in 0..6000 {
            let text = if round % 2 == 0 {
                (0..random(&mut seed) % 40)
                    .map(|_| SCRAPS[random(&mut seed) % SCRAPS.len()])
                    .collect::<String>()
            } else {
                let bytes: Vec<u8> = (0..random(&mut seed) % 120).map(|_| random(&mut seed) as u8).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            };
            let routed = route::route(&text);
            assert!(!routed.also.contains(&routed.action), "{text:?}");
            for reason in &routed.reasons {
                assert!(text.get(reason.start..reason.end).is_some(), "{text:?} {reason:?}");
            }
            assert_eq!(routed, route::route(&text), "the same twice");
            let said = gui::translate(&text);
            assert_eq!(said.reasons.len(), said.actions.len(), "{text:?}");
            assert!(
                !said.actions.is_empty() || said.text == text.trim_matches(['\n', ' ']).trim_end(),
                "{text:?} became {:?}",
                said.text
            );
        }
    }

    #[test]
    fn a_megabyte_of_anything_has_an_answer() {
        for scrap in [
            "export ",
            "\"",
            "no ",
            "/a ",
            "a.",
            "把",
            "click the ",
            "'a ",
            "- click\n",
            "https://a ",
            "if you, ",
        ] {
            let text = scrap.repeat(1_000_000 / scrap.len());
            route::route(&text);
            gui::translate(&text);
        }
    }
}
