//! The ledger's promises, over real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attempts;
mod claim;
mod dispatcher;
mod jobs;
mod moves;
mod open;
mod processes;
mod recent;
mod sessions;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::error::{Error, Kind};
use crate::model::delivery::Delivery;
use crate::model::inspection::Inspection;
use crate::model::request::{Render, Turn, Video};

/// A ledger in a folder that goes away with it.
pub(super) struct Home {
    pub(super) ledger: Ledger,
    folder: tempfile::TempDir,
}

impl Home {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        Self { ledger, folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// Another handle on the file, with its own connections, as another process would have.
    pub(super) async fn another(&self) -> Ledger {
        Ledger::open_within(&self.path(), Duration::from_secs(30)).await.unwrap()
    }

    /// One claim under a lease of a minute.
    pub(super) async fn claim(&self, now_ms: i64) -> Vec<Job> {
        self.ledger.claim(Office::Rehearsal, "me", now_ms, 60_000, 100).await.unwrap()
    }

    /// A queued render, claimed.
    pub(super) async fn held(&self, now_ms: i64) -> Job {
        let job = self.ledger.insert(render("held"), now_ms).await.unwrap().job;
        let claimed = self.claim(now_ms).await;
        claimed.into_iter().find(|claimed| claimed.id == job.id).unwrap()
    }

    /// What a tool like `sqlite3` would see.
    pub(super) async fn raw(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.ledger.inner.readers).await.unwrap()
    }
}

pub(super) fn new_job(key: &str, request: Request) -> NewJob {
    NewJob {
        id: JobId::fresh(),
        parent_id: None,
        service: Service::Sandbox,
        session_id: None,
        state: State::Queued,
        request,
        work: json!({}),
        dedupe_key: key.to_owned(),
        note: None,
        due_at_ms: None,
    }
}

pub(super) fn render(key: &str) -> NewJob {
    new_job(
        key,
        Request::Render(Render {
            output_path: PathBuf::from("/out/clip.mp4"),
            inspection: Inspection::default(),
            delivery: Delivery::default(),
        }),
    )
}

fn asking(message: String, language: &str) -> Turn {
    Turn { message, media: vec![], language: language.to_owned(), aside: false }
}

pub(super) fn turn(key: &str, session_id: &str) -> NewJob {
    let mut new = new_job(key, Request::Turn(asking(format!("do {key}"), "en")));
    new.session_id = Some(session_id.to_owned());
    new
}

pub(super) fn video(key: &str) -> NewJob {
    new_job(
        key,
        Request::Video(Video {
            prompt: "日落 🌅".to_owned(),
            turn: asking("日落 🌅\n\n10 s".to_owned(), "zh-CN"),
            output_path: PathBuf::from("/out/日落.mp4"),
            duration_s: Some(10.0),
            inspection: Inspection { strict: true, aspect: Some((9, 16)), ..Inspection::default() },
            delivery: Delivery::default(),
        }),
    )
}

pub(super) fn to(state: State) -> Change {
    Change { state: Some(state), ..Change::default() }
}

pub(super) fn done(recorded: Recorded) -> Job {
    match recorded {
        Recorded::Done(job) => job,
        Recorded::Lost => panic!("the fence is lost"),
    }
}

pub(super) fn is_lost(recorded: &Recorded) -> bool {
    matches!(recorded, Recorded::Lost)
}

/// Holds that this failed as `kind`, with these words in its text and a next step.
pub(super) fn assert_told<T: std::fmt::Debug>(result: Result<T, Error>, kind: Kind, words: &str) {
    let error = result.expect_err("this should have failed");
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.message().contains(words), "{words:?} is not in {:?}", error.message());
    assert!(kind == Kind::Internal || error.next_step().is_some(), "no next step in {error:?}");
}
