//! The emulated agent: what it understands, what it does about it, and how it talks.
//!
//! It believes, like the real one, that the user sits before an editor with buttons and a timeline.

mod clips;
mod generate;
mod op;
mod read;
mod say;
mod words;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::op::pick;
use self::read::{Intent, Refused};
use self::words::Message;
use super::rows::{Project, Session};
use crate::sandbox::options::Silence;

pub(super) use self::op::{Op, text_of};

/// What the agent is going to do about one message.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) cost: Cost,
    pub(super) acts: Vec<Act>,
    /// The second stage of a generation, for when it is played after the stream.
    pub(super) second: Option<(Work, String)>,
    /// Written in Chinese.
    pub(super) zh: bool,
}

/// What a message costs, before prices are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    Nothing,
    Edit,
    Generation,
}

/// One step of the agent.
#[derive(Debug)]
pub(super) enum Act {
    Think(String),
    Say(String),
    Work(Work),
}

/// One call of one of the agent's tools.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) tool: &'static str,
    pub(super) args: Value,
    pub(super) takes_ms: u64,
    pub(super) ops: Vec<Op>,
}

/// How the agent is to behave this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mood {
    pub(super) silence: Silence,
    pub(super) second_stage: bool,
}

/// Reads a message and plans the turn. Nothing changes yet.
pub(super) fn plan(session: &Session, text: &str, mood: Mood) -> Script {
    let message = Message::new(text);
    let zh = message.is_chinese() || session.language.starts_with("zh") && !message.text.is_ascii();
    let luck = luck(&session.id, session.turns);
    let talk = |text: String| Script { cost: Cost::Nothing, acts: vec![Act::Say(text)], second: None, zh };
    match read::intent(&message, &session.project) {
        Intent::Refuse(why) => talk(say::refusal(why, zh)),
        Intent::Ask => talk(say::answer(&message, &session.project, zh)),
        Intent::Generate { op, notes } => {
            let music =
                !message.has(&["no music", "without music", "no bgm", "silent", "不要音乐", "无音乐"]);
            let title = !message.has(&[
                "no title",
                "no text",
                "without text",
                "without a title",
                "不要标题",
                "不要文字",
            ]);
            let extras = Extras { music: music && mood.second_stage, title: title && mood.second_stage };
            generate(session, &op, &say::notes(&notes, zh), zh, luck, extras)
        }
        Intent::Edit(ops) => edit(session, ops, text, zh, luck, mood),
    }
}

/// What the second stage is to add.
struct Extras {
    music: bool,
    title: bool,
}

fn generate(session: &Session, op: &Op, notes: &str, zh: bool, luck: u64, extras: Extras) -> Script {
    let Op::Generate { prompt, ms, width, height, .. } = op else { return Script::empty(zh) };
    let mut project = session.project.clone();
    let raw = op.apply(&mut project, zh).unwrap_or_else(|error| error);
    let args = json!({ "prompt": prompt, "duration": ms / 1000, "ratio": format!("{width}x{height}") });
    let mut acts = vec![
        Act::Think(format!(
            "The user wants {} s of \"{prompt}\"; call generate_video_with_seedance.",
            ms / 1000
        )),
        Act::Say(say::starting(*ms, notes, zh)),
        Act::Work(Work { tool: "generate_video_with_seedance", args, takes_ms: 4000, ops: vec![op.clone()] }),
    ];
    let style = extras.music.then(|| say::music_for(prompt, luck));
    let title = extras.title.then(|| say::title_for(prompt));
    let music = style.map(|style| Op::AddMusic { style: style.to_owned(), volume: 0.35, url: None });
    let words = title.clone().map(|text| Op::AddText {
        text,
        role: "title",
        position: "center",
        from: 0,
        to: Some(3000),
        color: None,
    });
    let ops: Vec<Op> = music.into_iter().chain(words).collect();
    let second = if ops.is_empty() {
        acts.push(Act::Say(format!("{raw} {}", say::buttons(zh, luck))));
        None
    } else {
        acts.push(Act::Say(raw));
        let args = json!({ "bgm": style, "title": title });
        let said = say::finished(style, title.as_deref(), zh, luck);
        Some((Work { tool: "edit_multitrack", args, takes_ms: 1500, ops }, said))
    };
    Script { cost: Cost::Generation, acts, second, zh }
}

fn edit(session: &Session, mut ops: Vec<Op>, text: &str, zh: bool, luck: u64, mood: Mood) -> Script {
    let mut project = session.project.clone();
    let needs_clips = project.draft.is_none() && !project.video_infos.is_empty();
    if needs_clips && !matches!(ops.first(), Some(Op::PlaceUploads { .. } | Op::Undo)) {
        ops.insert(0, Op::PlaceUploads { each_ms: None, only: Vec::new(), fresh: false });
    }
    if ops.contains(&Op::Undo) {
        ops = vec![Op::Undo];
    }
    let mut told = Vec::new();
    let mut done = Vec::new();
    for op in ops {
        if op == Op::Undo && session.history.is_empty() {
            told.push(pick(zh, "There is nothing to undo.", "没有可以撤销的操作。"));
            continue;
        }
        match op.apply(&mut project, zh) {
            Ok(said) => {
                told.push(said);
                done.push(op);
            }
            Err(why) => told.push(why),
        }
    }
    if done.is_empty() {
        return Script { cost: Cost::Nothing, acts: vec![Act::Say(told.join(" "))], second: None, zh };
    }
    let work =
        Work { tool: "edit_multitrack", args: json!({ "instruction": text }), takes_ms: 1200, ops: done };
    let mut acts = vec![Act::Think("Plan the edit, then call edit_multitrack.".to_owned()), Act::Work(work)];
    let silent = match mood.silence {
        Silence::Never => false,
        Silence::Always => true,
        Silence::Sometimes => luck % 10 < 3,
    };
    if !silent {
        acts.push(Act::Say(format!("{} {}", told.join(" "), say::buttons(zh, luck / 10))));
    }
    Script { cost: Cost::Edit, acts, second: None, zh }
}

impl Script {
    fn empty(zh: bool) -> Self {
        Self {
            cost: Cost::Nothing,
            acts: vec![Act::Say(say::refusal(Refused::Unclear, zh))],
            second: None,
            zh,
        }
    }
}

/// The same for the same session and turn, and otherwise even (FNV-1a, well mixed).
fn luck(session: &str, turn: u32) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in session.bytes().chain(turn.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    (hash ^ (hash >> 33)) % 1_000_000
}

/// Applies what a piece of work does; an undo takes the last draft from the history.
pub(super) fn apply(session: &mut Session, work: &Work, zh: bool) {
    let before = session.project.draft.clone();
    for op in &work.ops {
        if *op == Op::Undo {
            if let Some(last) = session.history.pop() {
                session.project.draft = last;
            }
            return;
        }
        // The plan has tried every change; an upload in between can only make one fail harmlessly.
        if let Err(why) = op.apply(&mut session.project, zh) {
            tracing::debug!(%why, "a planned change no longer applies");
        }
    }
    if session.project.draft != before {
        session.history.push(before);
        let surplus = session.history.len().saturating_sub(HISTORY_KEPT);
        session.history.drain(..surplus);
    }
}

/// How many steps can be undone.
const HISTORY_KEPT: usize = 20;

/// The project's parts that differ, as the frames announce them.
pub(super) fn delta(before: &Project, after: &Project) -> Value {
    let mut delta = serde_json::Map::new();
    if before.draft != after.draft {
        delta.insert("draft".to_owned(), json!(after.draft));
    }
    if before.generated_media != after.generated_media {
        delta.insert("generated_media".to_owned(), json!(after.generated_media));
    }
    if before.canvas_config != after.canvas_config {
        delta.insert("canvas_config".to_owned(), after.canvas_config.clone());
    }
    Value::Object(delta)
}
