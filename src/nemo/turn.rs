//! A turn: the events of one message to the agent, folded into what came of it. Pure.

use crate::error::Kind;
use crate::nemo::errors;
use crate::nemo::events::{Fault, Message, TurnEvent};

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The service closed it in order. There is no other end mark.
    Complete,
    /// The connection broke: the outcome is unknown.
    Dropped,
    /// The 15 minutes of a turn were over.
    TimedOut,
    /// Nothing, or nothing but heartbeats, came for too long.
    Idle,
}

/// The parts of the state that we look at (NemoVideo skill, Session state); the rest is the backend's own bookkeeping.
const STATE_KEYS: [&str; 5] = ["canvas_config", "draft", "generated_media", "video_analyses", "video_infos"];

/// Collects events; [`finish`](Self::finish) tells what came of them.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    blocks: Vec<String>,
    live: Option<Live>,
    out: Counts,
}

/// Text that arrives in pieces, until the event that repeats it as a whole.
#[derive(Clone, Debug)]
struct Live {
    text: String,
    /// A tool was called since: what comes next need not be the repetition.
    interrupted: bool,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    events: usize,
    heartbeats: usize,
    partial_events: usize,
    thought_parts: usize,
    tool_calls: Vec<String>,
    tool_results: Vec<String>,
    tool_faults: Vec<String>,
    errors: Vec<String>,
    state_delta_keys: Vec<String>,
    refused: Option<Kind>,
}

/// What came of a turn.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that the agent said, its blocks joined by line feeds.
    pub text: String,
    /// The separate things that it said, in order; the last one is its answer.
    pub blocks: Vec<String>,
    /// Names of the tools that it called. Not for the user.
    pub tool_calls: Vec<String>,
    /// Names of the tools that answered. Not for the user.
    pub tool_results: Vec<String>,
    /// What failing tools said. Not for the user as it stands.
    pub tool_faults: Vec<String>,
    /// What the service said about failures. Not for the user as it stands: it may hold paths and process numbers.
    pub errors: Vec<String>,
    /// Which parts of the session state changed during the stream, sorted.
    pub state_delta_keys: Vec<String>,
    /// How the stream ended.
    pub end: StreamEnd,
    /// It ended in order, without an error and without a word: read the state to learn what happened.
    pub silent: bool,
    /// The last block is an apology after normal work and may be left out (see [`words`](Self::words)).
    pub trailing_apology: bool,
    /// Nothing but an apology was said: the turn failed unless the state says otherwise.
    pub only_apology: bool,
    /// The account ran out of credits.
    pub out_of_credits: bool,
    /// What the error table makes of the first failure that carried one of its codes.
    pub refused: Option<Kind>,
    /// Events with content, pieces of text included.
    pub events: usize,
    /// Signs of life.
    pub heartbeats: usize,
    /// Events that carried a piece of text.
    pub partial_events: usize,
    /// Thoughts that were left out.
    pub thought_parts: usize,
}

impl Fold {
    /// Takes the next event.
    pub fn push(&mut self, event: TurnEvent) {
        match event {
            TurnEvent::Alive => self.out.heartbeats += 1,
            TurnEvent::Fault(fault) => {
                self.out.events += 1;
                self.fault(fault);
            }
            TurnEvent::Message(message) => {
                self.out.events += 1;
                self.message(message);
            }
        }
    }

    fn message(&mut self, message: Message) {
        let out = &mut self.out;
        out.partial_events += usize::from(message.partial);
        out.thought_parts += message.thoughts;
        for key in message.state_keys.into_iter().filter(|key| STATE_KEYS.contains(&key.as_str())) {
            if let Err(at) = out.state_delta_keys.binary_search(&key) {
                out.state_delta_keys.insert(at, key);
            }
        }
        if let Some(text) = message.text {
            self.text(text, message.partial);
        }
        if let Some(live) = &mut self.live {
            live.interrupted |= !message.tool_calls.is_empty() || !message.tool_results.is_empty();
        }
        self.out.tool_calls.extend(message.tool_calls);
        for result in message.tool_results {
            self.out.tool_results.push(result.name);
            if let Some(fault) = result.fault {
                self.out.note_code(&fault);
                self.out.tool_faults.push(fault.words);
            }
        }
        if let Some(fault) = message.fault {
            self.fault(fault);
        }
    }

    fn text(&mut self, text: String, partial: bool) {
        let live = self.live.take();
        if partial {
            self.live = Some(match live {
                Some(live) if !live.interrupted => Live { text: live.text + &text, interrupted: false },
                live => {
                    self.blocks.extend(live.map(|live| live.text));
                    Live { text, interrupted: false }
                }
            });
            return;
        }
        if text.trim().is_empty() {
            self.live = live;
            return;
        }
        // The whole replaces its pieces; after a tool call it might be something new.
        let pieces = live.filter(|live| live.interrupted && !text.starts_with(live.text.trim_end()));
        self.blocks.extend(pieces.map(|live| live.text));
        self.blocks.push(text);
    }

    fn fault(&mut self, fault: Fault) {
        self.out.note_code(&fault);
        self.out.errors.push(fault.words);
    }

    /// The stream is over.
    #[must_use]
    pub fn finish(mut self, end: StreamEnd) -> Outcome {
        self.blocks.extend(self.live.take().map(|live| live.text));
        self.blocks.retain(|block| !block.trim().is_empty());
        let (blocks, out) = (self.blocks, self.out);
        let normal = blocks.iter().filter(|block| !is_apology(block)).count();
        let trailing_apology = normal > 0 && blocks.last().is_some_and(|block| is_apology(block));
        Outcome {
            text: blocks.join("\n"),
            silent: end == StreamEnd::Complete && out.errors.is_empty() && blocks.is_empty(),
            trailing_apology,
            only_apology: normal == 0 && !blocks.is_empty(),
            out_of_credits: out.refused == Some(Kind::OutOfCredits),
            end,
            blocks,
            tool_calls: out.tool_calls,
            tool_results: out.tool_results,
            tool_faults: out.tool_faults,
            errors: out.errors,
            state_delta_keys: out.state_delta_keys,
            refused: out.refused,
            events: out.events,
            heartbeats: out.heartbeats,
            partial_events: out.partial_events,
            thought_parts: out.thought_parts,
        }
    }
}

impl Counts {
    fn note_code(&mut self, fault: &Fault) {
        let words = fault.words.to_ascii_lowercase();
        let kind = match fault.code.and_then(errors::kind_of_code) {
            None if words.contains("insufficient credits") || words.contains("not enough credits") => {
                Some(Kind::OutOfCredits)
            }
            kind => kind,
        };
        self.refused = self.refused.or(kind);
    }
}

impl Outcome {
    /// What the agent said, without an apology that follows normal work (NemoVideo: such a trailing apology is noise).
    #[must_use]
    pub fn words(&self) -> String {
        let noise = if self.trailing_apology {
            self.blocks.iter().rev().take_while(|block| is_apology(block)).count()
        } else {
            0
        };
        self.blocks.get(..self.blocks.len() - noise).unwrap_or_default().join("\n")
    }

    /// Whether only the session state can tell what this turn did.
    #[must_use]
    pub fn needs_the_state(&self) -> bool {
        self.silent || self.only_apology || self.end != StreamEnd::Complete || !self.errors.is_empty()
    }
}

/// The backend's stock phrases for "something failed on our side"; they are short and say nothing about the video.
fn is_apology(block: &str) -> bool {
    const PHRASES: [&str; 9] = [
        "encountered a temporary issue",
        "encountered an issue",
        "encountered an error",
        "encountered a temporary error",
        "a temporary error occurred",
        "something went wrong",
        "暂时性问题",
        "遇到了一些问题",
        "遇到了问题",
    ];
    let block = block.to_lowercase();
    block.chars().count() < 200 && PHRASES.iter().any(|phrase| block.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::sse::Frame;

    fn fold(frames: &[&str], end: StreamEnd) -> Outcome {
        let mut fold = Fold::default();
        for data in frames {
            fold.push(TurnEvent::read(&Frame::Event { name: "message".into(), data: (*data).into() }));
        }
        fold.finish(end)
    }

    fn text(text: &str, partial: bool) -> String {
        serde_json::json!({"content": {"parts": [{"text": text}]}, "partial": partial}).to_string()
    }

    #[test]
    fn pieces_and_wholes() {
        let call = r#"{"content":{"parts":[{"functionCall":{"name":"t"}}]}}"#;
        let (he, llo, hello, other) =
            (text("He", true), text("llo", true), text("Hello", false), text("Bye", false));
        for (frames, expected) in [
            (vec![&he[..], &llo, &hello], vec!["Hello"]),
            (vec![&he, &llo], vec!["Hello"]),
            (vec![&he, &llo, &other], vec!["Bye"]),
            (vec![&hello, &hello], vec!["Hello", "Hello"]),
            (vec![&he, call, &hello], vec!["Hello"]),
            (vec![&he, &llo, call, &other], vec!["Hello", "Bye"]),
            (vec![&he, &llo, call, &he, &llo], vec!["Hello", "Hello"]),
            (vec![&he, &text("\n", false), &llo], vec!["Hello"]),
            (vec![&text(" \n", false)], vec![]),
        ] {
            assert_eq!(fold(&frames, StreamEnd::Complete).blocks, expected, "{frames:?}");
        }
    }

    #[test]
    fn silence_apologies_and_refusals() {
        let (normal, sorry) =
            (text("Music added.", false), text("I encountered a temporary issue. Please try again.", false));
        let silent = fold(&[], StreamEnd::Complete);
        assert!(silent.silent && silent.needs_the_state());
        assert!(!fold(&[], StreamEnd::Dropped).silent);
        let both = fold(&[&normal, &sorry], StreamEnd::Complete);
        assert!(both.trailing_apology && !both.only_apology && !both.needs_the_state());
        assert_eq!(both.words(), "Music added.");
        let alone = fold(&[&sorry], StreamEnd::Complete);
        assert!(!alone.trailing_apology && alone.only_apology && alone.needs_the_state());
        assert_eq!(alone.words(), alone.text);
        let broke =
            fold(&[r#"{"errorCode":"2001","errorMessage":"Insufficient credits"}"#], StreamEnd::Complete);
        assert!(broke.out_of_credits && !broke.silent);
        assert!(fold(&[r#"{"error":"not enough credits"}"#], StreamEnd::Complete).out_of_credits);
        assert_eq!(
            fold(&[r#"{"code":1002,"message":"gone"}"#], StreamEnd::Complete).refused,
            Some(Kind::SessionLost)
        );
    }
}
