//! NemoVideo, emulated: its endpoints, its checks, its agent.
//!
//! Paths, fields and codes are those of the NemoVideo skill and of the public documents about the service; what no
//! document says is chosen here and can be switched in [`Options`].

mod answer;
mod auth;
mod cdn;
mod draft;
mod exact;
mod frames;
mod ledger;
mod paint;
mod queue;
mod render;
mod rows;
mod run;
mod script;
mod session;
mod stream;
mod turn;
mod upload;
mod upload_kind;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::queue::Live;
use self::rows::{RenderRow, Session, User};
use super::faults::Endpoint;
use super::gate::About;
use super::log::Log;
use super::store::Table;
use super::studio::Studio;
use super::{Clock, Error, Options, loopback};

/// Everything that the handlers share.
pub(super) struct Nemo {
    options: Options,
    /// Where this server is reached; file links begin with it.
    base: String,
    clock: Clock,
    log: Log,
    closing: CancellationToken,
    users: Table<User>,
    sessions: Table<Session>,
    renders: Table<RenderRow>,
    studio: Studio,
    queue: mpsc::Sender<String>,
    /// Progress and cancel flags of the renders of this process.
    live: Mutex<HashMap<String, Arc<Live>>>,
    /// Fetches the `urls` of an upload; never leaves this machine.
    http: reqwest::Client,
}

impl Nemo {
    /// Reads the folder, settles what a kill left behind, and starts the render worker.
    pub(super) fn open(
        options: Options,
        base: String,
        clock: Clock,
        log: Log,
        studio: Studio,
        closing: CancellationToken,
    ) -> Result<(Arc<Self>, JoinHandle<()>), Error> {
        let folder = |name: &str| options.folder.join("nemo").join(name);
        let (queue, jobs) = mpsc::channel(queue::LENGTH);
        let nemo = Arc::new(Self {
            users: Table::open(folder("users"))?,
            sessions: Table::open(folder("sessions"))?,
            renders: Table::open(folder("renders"))?,
            http: loopback::client(&options.folder)?,
            live: Mutex::default(),
            options,
            base,
            clock,
            log,
            closing,
            studio,
            queue,
        });
        let trouble = |source| Error::Folder { path: nemo.options.folder.clone(), source };
        nemo.make_folders().map_err(trouble)?;
        nemo.add_accounts().map_err(trouble)?;
        nemo.sweep().map_err(trouble)?;
        nemo.settle_after_restart().map_err(trouble)?;
        run::resume(&nemo).map_err(trouble)?;
        let worker = tokio::spawn(queue::work(Arc::clone(&nemo), jobs));
        Ok((nemo, worker))
    }

    /// Forgets everybody and everything.
    pub(super) fn reset(&self) -> io::Result<()> {
        self.cancel_all();
        self.users.clear()?;
        self.sessions.clear()?;
        self.renders.clear()?;
        for folder in [self.media_folder(), self.output_folder()] {
            std::fs::remove_dir_all(folder)?;
        }
        self.make_folders()?;
        self.add_accounts()
    }

    fn make_folders(&self) -> io::Result<()> {
        std::fs::create_dir_all(self.media_folder())?;
        std::fs::create_dir_all(self.output_folder())
    }

    /// Uploaded files.
    fn media_folder(&self) -> PathBuf {
        self.options.folder.join("nemo").join("media")
    }

    /// Rendered files.
    fn output_folder(&self) -> PathBuf {
        self.options.folder.join("nemo").join("render-result")
    }
}

/// The routes of the service.
pub(super) fn router(nemo: Arc<Nemo>) -> Router {
    Router::new()
        .route("/api/auth/anonymous-token", post(auth::anonymous_token))
        .route("/api/auth/claim-token", post(auth::claim_token))
        .route("/api/tasks/me/with-session/nemo_agent", post(session::create))
        .route("/run_sse", post(run::run_sse))
        .route("/api/upload-video/nemo_agent/{user}/{session}", post(upload::upload))
        .route("/api/credits/balance/simple", get(session::credits))
        .route("/api/state/nemo_agent/{user}/{session}/latest", get(session::state))
        .route("/api/render/proxy/lambda", post(render::submit))
        .route("/api/render/proxy/lambda/{id}", get(render::poll))
        .route("/api/render/proxy/lambda/{id}/cancel", post(render::cancel))
        .route("/api/render/proxy/{id}/download", get(render::download))
        .route("/cdn/{*path}", get(cdn::file))
        .fallback(answer::not_found)
        .layer(DefaultBodyLimit::disable())
        .with_state(nemo)
}

/// Which endpoint a request means.
pub(super) fn endpoint_of(method: &Method, path: &str) -> Option<Endpoint> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Some(match (method.as_str(), parts.as_slice()) {
        ("POST", ["api", "auth", "anonymous-token"]) => Endpoint::AnonymousToken,
        ("POST", ["api", "auth", "claim-token"]) => Endpoint::ClaimToken,
        ("POST", ["api", "tasks", "me", "with-session", _]) => Endpoint::WithSession,
        ("POST", ["run_sse"]) => Endpoint::RunSse,
        ("POST", ["api", "upload-video", ..]) => Endpoint::Upload,
        ("GET", ["api", "credits", ..]) => Endpoint::Credits,
        ("GET", ["api", "state", ..]) => Endpoint::State,
        ("POST", ["api", "render", "proxy", "lambda"]) => Endpoint::RenderSubmit,
        ("GET", ["api", "render", "proxy", "lambda", _]) => Endpoint::RenderPoll,
        ("POST", ["api", "render", "proxy", "lambda", _, "cancel"]) => Endpoint::RenderCancel,
        ("GET", ["api", "render", "proxy", _, "download"]) => Endpoint::RenderDownload,
        ("GET" | "HEAD", ["cdn", ..]) => Endpoint::Cdn,
        _ => return None,
    })
}

/// Reads session, render and message out of a path and a JSON body.
pub(super) fn about(path: &str, body: &[u8]) -> About {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let owned = |text: &str| Some(text.to_owned());
    match parts.as_slice() {
        ["api", "state" | "upload-video", _, _, session, ..] => {
            About { session: owned(session), ..About::default() }
        }
        ["api", "render", "proxy", "lambda", id, ..] | ["api", "render", "proxy", id, "download"] => {
            About { render: owned(id), ..About::default() }
        }
        _ => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let string =
                |keys: [&str; 2]| keys.iter().find_map(|key| body.get(key)?.as_str().map(str::to_owned));
            let session = string(["session_id", "sessionId"]);
            match parts.as_slice() {
                ["run_sse"] => About { session, text: run::message_of(&body), render: None },
                ["api", "render", ..] => About { session, render: string(["id", "id"]), text: None },
                _ => About { session, ..About::default() },
            }
        }
    }
}
