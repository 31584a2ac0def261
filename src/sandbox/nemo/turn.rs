//! One turn of the agent: plays a script, changes the project, charges, and tells it all to the stream.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Nemo;
use super::cdn::with_links;
use super::frames::Frames;
use super::rows::Session;
use super::script::{self, Act, Cost, Script, Work};
use super::stream::Sink;
use crate::sandbox::faults::{Fault, Moment};
use crate::sandbox::gate::Troubles;
use crate::sandbox::options::SecondStage;

/// Why a turn ended before its script did.
enum Stop {
    /// A fault rule said so, or the sandbox closes.
    Now,
    /// The state cannot be written.
    Broken(std::io::Error),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error)
    }
}

pub(super) struct Turn {
    nemo: Arc<Nemo>,
    session: Session,
    text: String,
    credits: i64,
    zh: bool,
    troubles: Troubles,
    sink: Sink,
    frames: Frames,
    partials: bool,
    charged: bool,
}

impl Turn {
    #[expect(clippy::too_many_arguments, reason = "one call, and every argument is another thing")]
    pub(super) fn new(
        nemo: Arc<Nemo>,
        session: Session,
        text: String,
        credits: i64,
        zh: bool,
        troubles: Troubles,
        sink: Sink,
        partials: bool,
    ) -> Self {
        let frames = Frames::new(nemo.options.dialect, nemo.options.adk_keys, nemo.clock.clone());
        Self { nemo, session, text, credits, zh, troubles, sink, frames, partials, charged: false }
    }

    /// Plays the script to its end, whatever becomes of the client; then the session is free for the next message.
    pub(super) async fn play(mut self, script: Script) {
        let (cost, second) = (script.cost, script.second.clone());
        let late = self.late_second_stage();
        let played = self.acts(script, late.is_none()).await;
        if self.nemo.closing.is_cancelled() {
            // As after a kill: the next start takes it up.
            return;
        }
        if let Err(Stop::Broken(error)) = &played {
            tracing::error!(%error, "the sandbox could not keep the state of a turn");
            let frame = self.frames.exception(false);
            self.sink.frame(&frame);
        }
        if let Err(error) = self.close(cost) {
            tracing::error!(%error, "the sandbox could not close a turn");
        }
        let Self { nemo, session, zh, sink, .. } = self;
        drop(sink);
        if let (Ok(()), Some((work, _)), Some(delay)) = (played, second, late) {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = nemo.closing.cancelled() => return,
            }
            if let Err(error) = nemo.sessions.change(&session.id, |row| script::apply(row, &work, zh)) {
                tracing::error!(%error, "the sandbox could not keep a second stage");
            }
        }
    }

    /// How long after the stream the second stage comes; `None` when it comes inside.
    fn late_second_stage(&self) -> Option<Duration> {
        let by_fault = self.troubles.0.iter().find_map(|fault| match fault {
            Fault::LateSecondStage { ms } => Some(Duration::from_millis(*ms)),
            _ => None,
        });
        by_fault.or(match self.nemo.options.second_stage {
            SecondStage::AfterMs(ms) => Some(self.nemo.options.pace.of_ms(ms)),
            SecondStage::InStream | SecondStage::Off => None,
        })
    }

    async fn acts(&mut self, script: Script, second_inside: bool) -> Result<(), Stop> {
        self.heartbeats_only().await?;
        let thoughts = self.troubles.has(&Fault::Thoughts);
        for act in script.acts {
            match act {
                Act::Think(text) if thoughts => {
                    for frame in self.frames.thought(&text) {
                        self.sink.frame(&frame);
                    }
                }
                Act::Think(_) => {}
                Act::Say(text) => self.say(&text).await?,
                Act::Work(work) => self.work(work).await?,
            }
        }
        if let Some((work, said)) = script.second.filter(|_| second_inside) {
            self.work(work).await?;
            self.say(&said).await?;
        }
        if self.troubles.has(&Fault::Apology) {
            self.say("I encountered a temporary issue while processing your request. Please try again.")
                .await?;
        }
        Ok(())
    }

    async fn say(&mut self, text: &str) -> Result<(), Stop> {
        self.wait(300).await?;
        let silenced = [Fault::Silent, Fault::SilentNoop].iter().any(|fault| self.troubles.has(fault));
        if silenced {
            return Ok(());
        }
        if self.partials {
            for piece in pieces(text) {
                let frame = self.frames.partial(piece);
                self.sink.frame(&frame);
                self.wait(30).await?;
            }
        }
        let frame = self.frames.text(text);
        self.sink.frame(&frame);
        if self.troubles.has(&Fault::DuplicateIds)
            && let Some(twin) = self.frames.twin(&frame)
        {
            self.sink.frame(&twin);
        }
        Ok(())
    }

    async fn work(&mut self, work: Work) -> Result<(), Stop> {
        let (frame, id) = self.frames.call(work.tool, &work.args);
        self.sink.frame(&frame);
        let beats = (work.takes_ms / 1000).max(1);
        for _ in 0..beats {
            self.sink.heartbeat();
            self.wait(work.takes_ms / beats).await?;
        }
        self.trouble(Moment::BeforeChange)?;
        if self.troubles.has(&Fault::ToolError) {
            let response =
                json!({ "status": "error", "error": { "code": 5003, "message": "content policy" } });
            let frame = self.frames.result(&id, work.tool, &response, json!({}));
            self.sink.frame(&frame);
            let text = "That prompt was declined by the content filter (sandbox). Try describing the scene differently.";
            self.say(text).await?;
            return Err(Stop::Now);
        }
        if self.troubles.has(&Fault::SilentNoop) {
            let response = json!({ "status": "success", "changed": false });
            let frame = self.frames.result(&id, work.tool, &response, json!({}));
            self.sink.frame(&frame);
            return Err(Stop::Now);
        }
        let delta = self.change(&work)?;
        self.trouble(Moment::AfterChange)?;
        let response = json!({ "status": "success", "sandbox": true });
        let frame = self.frames.result(&id, work.tool, &response, delta);
        self.sink.frame(&frame);
        Ok(())
    }

    /// The change itself, in one write, and then its price.
    fn change(&mut self, work: &Work) -> Result<Value, Stop> {
        let nemo = Arc::clone(&self.nemo);
        let before = nemo.sessions.change(&self.session.id, |row| {
            let before = row.project.clone();
            script::apply(row, work, self.zh);
            if let Some(run) = &mut row.running {
                run.begun = true;
            }
            before
        })?;
        // The session can have been lost meanwhile; then there is nothing to charge for.
        let (Some(before), Some(now)) = (before, nemo.sessions.get(&self.session.id)) else {
            return Err(Stop::Now);
        };
        if !self.charged {
            nemo.charge(&now, &self.text, self.credits)?;
            self.charged = true;
        }
        let mut delta = with_links(script::delta(&before, &now.project), &nemo.base);
        if let Some(draft) = delta.get("draft") {
            nemo.note_issued(&now.id, draft).map_err(|_| Stop::Now)?;
        }
        let ballast = self.troubles.0.iter().find_map(|fault| match fault {
            Fault::HugeDelta { bytes } => Some(*bytes),
            _ => None,
        });
        if let (Some(bytes), Some(delta)) = (ballast, delta.as_object_mut()) {
            delta.insert("x_ballast".to_owned(), Value::String("sandbox ".repeat(bytes / 8 + 1)));
        }
        self.session = now;
        Ok(delta)
    }

    /// The faults that break the stream at this moment.
    fn trouble(&mut self, now: Moment) -> Result<(), Stop> {
        for fault in self.troubles.0.clone() {
            match fault {
                Fault::CutStream { at, how } if at == now => self.sink.cut(how),
                Fault::ErrorFrame { malformed, at } if at == now => {
                    let frame = self.frames.exception(malformed);
                    self.sink.frame(&frame);
                }
                Fault::ModelError { code, message } if now == Moment::BeforeChange => {
                    let frame = self.frames.model_error(&code, &message);
                    self.sink.frame(&frame);
                }
                Fault::NoCredits if now == Moment::BeforeChange => {
                    let frame = self.frames.model_error("2001", "Insufficient credits");
                    self.sink.frame(&frame);
                }
                _ => continue,
            }
            return Err(Stop::Now);
        }
        Ok(())
    }

    async fn heartbeats_only(&mut self) -> Result<(), Stop> {
        for fault in self.troubles.0.clone() {
            let (mut left, every_ms) = match fault {
                Fault::HeartbeatsOnly { count, every_ms } => (Some(count), every_ms),
                Fault::HeartbeatsForever { every_ms } => (None, every_ms),
                _ => continue,
            };
            while left != Some(0) && !self.sink.is_closed() {
                self.sink.heartbeat();
                self.pause(Duration::from_millis(every_ms)).await?;
                left = left.map(|left| left - 1);
            }
            if left.is_none() {
                return Err(Stop::Now);
            }
        }
        Ok(())
    }

    async fn wait(&self, ms: u64) -> Result<(), Stop> {
        self.pause(self.nemo.options.pace.of_ms(ms)).await
    }

    async fn pause(&self, time: Duration) -> Result<(), Stop> {
        if time.is_zero() {
            // Even an instant turn lets the frames out one by one.
            tokio::task::yield_now().await;
        } else {
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = self.nemo.closing.cancelled() => return Err(Stop::Now),
            }
        }
        if self.nemo.closing.is_cancelled() { Err(Stop::Now) } else { Ok(()) }
    }

    /// Frees the session, and gives back what was not charged.
    fn close(&self, cost: Cost) -> std::io::Result<()> {
        if !self.charged {
            self.nemo.give_back(&self.session.user, self.credits)?;
        }
        self.nemo.sessions.change(&self.session.id, |row| {
            row.running = None;
            row.edit_paid |= self.charged && cost == Cost::Edit;
        })?;
        Ok(())
    }
}

/// A text as a model emits it: a few words at a time.
fn pieces(text: &str) -> Vec<&str> {
    let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(12).collect();
    cuts.push(text.len());
    cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1])).collect()
}
