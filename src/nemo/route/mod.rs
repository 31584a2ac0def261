//! Routing: a user's words to one of the five actions of the skill's table "Matching Input to Actions".
//!
//! Looking for the table's keywords is not enough: "roll the end credits", "don't export yet" and "a status bar" hold
//! keywords and are edits; "how far along are you?" and "where's my file?" hold none and are not. So the message is cut into
//! clauses (`clause`), words that do not count are masked (`mask`: quoted, negated, postponed, conditions,
//! purposes, other people's doings, on-screen text), and each clause is read by rules over word classes
//! (`reading`). A rule asks for a request frame (an export verb at the head, "how many" with "left", "what" with
//! "on the timeline" …) and loses weight with every word that belongs to no such frame: a bare request has none,
//! the description of a picture has many. What no rule knows is judged by its form (`question`, `chinese`, `owed`).
//! The readings in order are the wishes; the first is the action, the others are `also`. Nothing believed: edit, as
//! in the table.

mod chinese;
mod clause;
mod credits;
mod export;
pub mod guess;
mod mask;
mod owed;
mod question;
mod reading;
mod state;
#[cfg(test)]
mod tests;
mod upload;

use serde::{Deserialize, Serialize};

use super::words::{self, Kind, Tag};

/// The rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Render and hand over the finished file.
    Export,
    /// Tell how many credits are left.
    Credits,
    /// Tell what the project holds, or how far it is.
    State,
    /// Take in the user's media.
    Upload,
    /// Everything else: goes to the backend as a message.
    Edit,
}

/// Why a clause was read as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// What the rule speaks for.
    pub intent: Intent,
    /// The rule's name.
    pub rule: &'static str,
    /// First byte of the words that it matched.
    pub start: usize,
    /// The byte after them.
    pub end: usize,
    /// How sure it is: a rule's weight (below 1.5 a table action is not believed), or a guess's probability.
    pub weight: f32,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Route {
    /// The first wish.
    pub action: Intent,
    /// Further wishes, in order, each once.
    pub also: Vec<Intent>,
    /// One per wish found, in the order of the text.
    pub reasons: Vec<Reason>,
}

/// Routes a user's message. Total and deterministic: any text has a route, in time linear in its length.
pub fn route(text: &str) -> Route {
    let inside = unquoted(text);
    let tokens = words::scan(inside);
    let mut reasons = readings(inside, &tokens);
    guess::settle(&mut reasons, &tokens);
    routed(text, inside, reasons)
}

/// Routes a message by the rules alone, without [`guess`]: to measure them.
pub fn by_rules(text: &str) -> Route {
    let inside = unquoted(text);
    let reasons = readings(inside, &words::scan(inside));
    routed(text, inside, reasons)
}

/// What the rules read in a message, in order.
fn readings(text: &str, tokens: &[words::Token]) -> Vec<Reason> {
    let edits = tokens.iter().any(|t| t.is(Tag::Edit));
    let file = (0..tokens.len()).find(|&i| upload::hands_over(tokens, i, edits)).and_then(|i| tokens.get(i));
    let mut reasons: Vec<Reason> = Vec::new();
    if let Some(file) = file {
        let rule = if file.kind == Kind::Link { "hands over a link" } else { "hands over a file" };
        reasons.push(Reason { intent: Intent::Upload, rule, start: file.start, end: file.end, weight: 3.0 });
    }
    let sent = reasons.len();
    for clause in clause::clauses(tokens) {
        let Some(found) = reading::read(&clause) else { continue };
        // Before a file that was sent, its mere mention ("link: …", "my logo …") is no second wish.
        let mentions = found.reason.weight <= 1.0
            || matches!(found.reason.rule, "names the file" | "asks for a list" | "asks for the link")
            || placed(text, &found.reason)
            || found.reason.intent == Intent::Export
                && found.reason.rule != "export verb"
                && file.is_some_and(|f| fetched(tokens, f.start));
        if mentions && file.is_some_and(|f| found.reason.start < f.start) {
            continue;
        }
        if clause.first && reasons.len() > sent {
            reasons.insert(sent, found.reason);
        } else {
            reasons.push(found.reason);
        }
    }
    question::drop_leads(&mut reasons, tokens);
    drop_remarks(&mut reasons, tokens);
    reasons
}

fn routed(text: &str, inside: &str, mut reasons: Vec<Reason>) -> Route {
    let shift = text.find(inside).unwrap_or(0);
    for reason in &mut reasons {
        reason.start += shift;
        reason.end += shift;
    }
    let mut wishes: Vec<Intent> = Vec::new();
    for reason in &reasons {
        if !wishes.contains(&reason.intent) {
            wishes.push(reason.intent);
        }
    }
    let action = wishes.first().copied().unwrap_or(Intent::Edit);
    Route { action, also: wishes.into_iter().skip(1).collect(), reasons }
}

/// "My teacher wants to see it, how do I get the video?": why something is wanted is no wish beside what is wanted.
fn drop_remarks(reasons: &mut Vec<Reason>, tokens: &[words::Token]) {
    let wish = reasons.iter().position(|r| r.weight >= 1.5 && r.intent != Intent::Edit);
    let Some(to) = wish.and_then(|w| reasons.get(w)).map(|r| r.start) else { return };
    let remark = |r: &Reason| {
        let here = question::part(tokens, r.start.saturating_sub(60), to.min(r.start + 300));
        let told = here.iter().any(|t| {
            let own =
                t.norm.split(' ').next().is_some_and(|w| {
                    matches!(w, "i" | "i'm" | "i've" | "i'll" | "my" | "we" | "we're" | "our")
                });
            own || t.any(&[Tag::I, Tag::Happy])
                || matches!(
                    t.norm.as_str(),
                    "wants"
                        | "want"
                        | "wanted"
                        | "asked"
                        | "asks"
                        | "loves"
                        | "likes"
                        | "waiting"
                        | "needs"
                        | "想"
                        | "要看"
                        | "想要"
                        | "i have"
                        | "i've got"
                        | "等"
                        | "催"
                        | "我"
                        | "我们"
                        | "喜欢"
                )
        });
        let described = tokens.first().is_some_and(|t| matches!(t.norm.as_str(), "a" | "an"));
        r.rule == "thing in a video" && r.start < to && told && !described
    };
    reasons.retain(|r| !remark(r));
}

/// "Grab it from https://…": the file is where the words point.
fn fetched(tokens: &[words::Token], file: usize) -> bool {
    let before =
        question::part(tokens, file.saturating_sub(40), file).iter().rfind(|t| t.mark() != Some(':'));
    before.is_some_and(|t| matches!(t.norm.as_str(), "from" | "at" | "从" | "在" | "取" | "here"))
}

/// A verb of editing that only says where a file lies ("I put my footage at …").
fn placed(text: &str, reason: &Reason) -> bool {
    matches!(
        text.get(reason.start..reason.end),
        Some("put" | "put my" | "put the" | "put it" | "放在" | "放到")
    )
}

/// A message that is one quotation as a whole means what it quotes.
fn unquoted(text: &str) -> &str {
    let trimmed = text.trim();
    let pairs = [('"', '"'), ('“', '”'), ('「', '」'), ('\'', '\''), ('`', '`')];
    let inside = pairs
        .iter()
        .find_map(|&(a, b)| trimmed.strip_prefix(a)?.strip_suffix(b).filter(|t| !t.contains([a, b])));
    inside.unwrap_or(text)
}
