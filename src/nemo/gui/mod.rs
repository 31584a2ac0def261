//! GUI translation: a backend's reply to the text that a person without a GUI should read, and to actions.
//!
//! The backend believes that somebody sits in front of its editor ("click Export", 打开面板). Following the skill's
//! table "Backend Response Translation", such an instruction becomes an action and leaves the text; everything else
//! stays word for word. A reply is cut into lines, sentences and clauses (`sentence`); a clause is an instruction
//! when a verb of the editor stands in it as a request to the reader with a fitting object (`step`): reports ("I
//! clicked"), plans ("I'll open"), warnings, questions, quoted words and things in the picture are not. What is left
//! of a sentence is then mended into readable text (`rewrite`).

mod chinese;
mod condition;
mod japanese;
mod leftover;
mod mood;
mod object;
mod rewrite;
mod sentence;
mod step;
#[cfg(test)]
mod tests;
mod verb;

use serde::{Deserialize, Serialize};

/// What the client does in the place of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Run the export workflow.
    ExecuteExport,
    /// Read the session state and show it.
    QueryState,
    /// Send the instruction's words as an edit.
    SendEdit,
    /// Do what the named control does.
    ExecuteViaApi,
    /// Show the summary of the tracks.
    ShowTracks,
}

/// When an action may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The reply asks for it.
    Now,
    /// The reply leaves it to the user ("once you are happy", "you can"): offer it.
    UserConfirms,
}

/// One action that a reply asks for or offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuiAction {
    /// What to do.
    pub action: Action,
    /// Now, or when the user agrees.
    pub when: When,
    /// The control's or panel's name ("Apply"); for an edit its words ("Drag the title to 0:03").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<String>,
}

/// Why something was taken for an instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule's name.
    pub rule: &'static str,
    /// The clause, as it stood in the reply.
    pub clause: String,
}

/// A translated reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// The reply without instructions to a GUI; empty if it held nothing else.
    pub text: String,
    /// The actions in the order of the reply.
    pub actions: Vec<GuiAction>,
    /// One per action.
    pub reasons: Vec<Reason>,
}

/// Translates a reply. Total and deterministic: any text, in time linear in its length.
pub fn translate(reply: &str) -> Translation {
    let mut out =
        Translation { text: String::with_capacity(reply.len()), actions: Vec::new(), reasons: Vec::new() };
    // Where the last line stands that is kept, for a list of instructions whose lead it may be.
    let mut lead = 0;
    let mut gone = false;
    for line in sentence::lines(reply) {
        let start = out.text.len();
        let cut = rewrite::line(reply, &line, &mut out);
        let blank = out.text.get(start..).unwrap_or_default().trim().is_empty();
        if gone && !cut && !blank {
            let tail = out.text.split_off(start);
            leftover::mend_lead(lead, &mut out);
            lead = out.text.len();
            out.text.push_str(&tail);
        } else if !cut && !blank {
            lead = start;
        }
        gone = cut || gone && blank;
    }
    if gone {
        leftover::mend_lead(lead, &mut out);
    }
    if out.actions.is_empty() {
        out.text = reply.to_owned();
    }
    out.text.truncate(out.text.trim_end().len());
    let lead = out.text.len() - out.text.trim_start_matches(['\n', ' ']).len();
    out.text.drain(..lead);
    out
}
