//! What the lines of a batch add up to: how many of each sort, how it stands, and how long it will take.

use crate::ledger::{Brief, Span};
use crate::model::batch::{Batch, BatchState, Line, LineState};
use crate::model::job::{EpochMs, State};

/// What a batch can still do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Something moves, or will when its time comes.
    Moves,
    /// Nothing moves until a person does something: it is paused, or its budget is spent.
    Stuck,
    /// Every line has ended.
    Ended,
}

/// What the lines add up to.
#[derive(Default)]
pub(super) struct Count {
    /// Wait for room or money.
    pub(super) waiting: u32,
    /// Wait for their time.
    pub(super) scheduled: u32,
    pub(super) moving: u32,
    /// Begun, and wait for money in their wallet.
    pub(super) short: u32,
    /// Wait for a person: a price, or a doubt.
    pub(super) doubtful: u32,
    pub(super) done: u32,
    pub(super) failed: u32,
    pub(super) cancelled: u32,
    pub(super) posts: u32,
    pub(super) posts_failed: u32,
    /// Milliseconds that finished ones took.
    took_ms: i64,
}

impl Count {
    pub(super) fn add(&mut self, line: &Line, brief: Option<&Brief>, now_ms: EpochMs) {
        match (line.state, brief) {
            (LineState::Waiting, _) if line.due_at_ms > now_ms && line.wish.not_before.is_some() => {
                self.scheduled += 1;
            }
            (LineState::Waiting, _) | (LineState::Begun, None) => self.waiting += 1,
            (LineState::Refused, _) => self.failed += 1,
            (LineState::Cancelled, _) => self.cancelled += 1,
            (LineState::Begun, Some(brief)) => match brief.state {
                State::Done => {
                    self.done += 1;
                    self.took_ms += (brief.updated_at_ms - brief.created_at_ms).max(0);
                }
                State::Failed => self.failed += 1,
                State::Cancelled => self.cancelled += 1,
                State::Uncertain | State::NeedsApproval => self.doubtful += 1,
                _ if brief.waits_for_money() => self.short += 1,
                _ => self.moving += 1,
            },
        }
    }

    pub(super) fn add_post(&mut self, brief: &Brief) {
        match brief.state {
            State::Done => self.posts += 1,
            State::Failed | State::Cancelled => self.posts_failed += 1,
            State::Uncertain => self.doubtful += 1,
            _ => self.moving += 1,
        }
    }

    pub(super) fn standing(&self, batch: &Batch) -> Standing {
        if self.moving > 0 {
            return Standing::Moves;
        }
        if self.short > 0 {
            return Standing::Stuck;
        }
        if self.waiting + self.scheduled == 0 {
            return Standing::Ended;
        }
        let needs_a_person = batch.hold.as_ref().is_some_and(|hold| {
            // A day and a week begin anew by themselves.
            let by_clock = [Span::Day, Span::Week].map(|span| span.to_string());
            hold.quoted.as_ref().is_none_or(|span| !by_clock.contains(span))
        });
        if batch.state != BatchState::Active || (needs_a_person && self.waiting > 0) {
            Standing::Stuck
        } else {
            Standing::Moves
        }
    }

    /// How the batch stands, in a word.
    pub(super) fn state(&self, batch: &Batch, standing: Standing) -> &'static str {
        let short = [self.failed, self.cancelled, self.doubtful, self.posts_failed];
        match (batch.state, standing) {
            (BatchState::Active | BatchState::Paused, Standing::Ended) if short == [0; 4] => "done",
            (BatchState::Active | BatchState::Paused, Standing::Ended) => "ended",
            (state, _) => state.name(),
        }
    }

    pub(super) fn eta_s(&self, batch: &Batch) -> Option<u64> {
        let each_ms = u64::try_from(self.took_ms).ok()?.checked_div(u64::from(self.done))?;
        // Those under way are halfway through, as far as anybody knows.
        let rest_halves = u64::from(self.waiting) * 2 + u64::from(self.moving);
        if self.scheduled > 0 || rest_halves == 0 {
            return None;
        }
        Some(each_ms * rest_halves / 2 / u64::from(batch.concurrency.max(1)) / 1000)
    }
}
